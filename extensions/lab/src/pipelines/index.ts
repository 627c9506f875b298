/**
 * The plugins of the capability "pipelines": graphs with their runs, all runs, and the ways into a pipeline.
 */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { IStudio } from '../tokens';
import { DOMAIN } from '../translation';
import { actionsIn } from './actions';
import { ExecutedDrive, withoutKernels } from './drive';
import { addOpening, PipelineCommandIDs } from './opening';
import { PipelinePanel, RunsPanel } from './panels';
import { addWriting } from './writing';

const pipelines: JupyterFrontEndPlugin<void> = {
  id: '@notebook-studio/lab:pipelines',
  description:
    'Pipelines in the main area: the graph, live; its runs; what failed and the way to mend it.',
  autoStart: true,
  requires: [IStudio],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    studio: IStudio,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const graphs = new WidgetTracker<PipelinePanel>({ namespace: 'studio-pipelines' });
    const lists = new WidgetTracker<RunsPanel>({ namespace: 'studio-runs' });
    const actions = actionsIn(app.commands);
    addOpening(app, { studio, actions, trans }, graphs, lists);
    for (const command of [
      CommandIDs.openPipeline,
      PipelineCommandIDs.runPipeline,
      CommandIDs.openRuns
    ]) {
      palette?.addItem({ command, category: trans.__('Studio') });
    }
    if (restorer) {
      void restorer.restore(graphs, {
        command: CommandIDs.openPipeline,
        args: panel => ({ pipeline: panel.model.name }),
        name: panel => panel.model.name
      });
      void restorer.restore(lists, {
        command: CommandIDs.openRuns,
        args: panel => ({ pipeline: panel.pipeline }),
        name: () => 'all'
      });
    }
  }
};

const writing: JupyterFrontEndPlugin<void> = {
  id: '@notebook-studio/lab:pipeline-files',
  description: 'Notebooks become steps: of a pipeline that is there, or of a new one.',
  autoStart: true,
  requires: [IStudio],
  optional: [ITranslator, ICommandPalette, INotebookTracker, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    studio: IStudio,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    notebooks: INotebookTracker | null,
    browser: IDefaultFileBrowser | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    addWriting(app, { studio, trans, notebooks, browser });
    for (const command of [PipelineCommandIDs.add, CommandIDs.newPipeline]) {
      palette?.addItem({ command, category: trans.__('Studio') });
    }
  }
};

const executed: JupyterFrontEndPlugin<void> = {
  id: '@notebook-studio/lab:executed-notebooks',
  description: 'Executed notebooks of runs, to be read and not to be written.',
  autoStart: true,
  requires: [IStudio],
  optional: [ITranslator, INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    studio: IStudio,
    translator: ITranslator | null,
    notebooks: INotebookTracker | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { contents, serverSettings } = app.serviceManager;
    contents.addDrive(new ExecutedDrive(studio.client, serverSettings, trans));
    if (notebooks) {
      withoutKernels(notebooks);
    }
  }
};

export const plugins: JupyterFrontEndPlugin<any>[] = [pipelines, writing, executed];
