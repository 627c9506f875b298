/** The plugins of the capability "status": the open notebook's state and what goes on, in the status bar. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { INotebookState, IStudio } from '../tokens';
import { DOMAIN } from '../translation';
import { NotebookItem } from './notebook';
import { RunningItem } from './running';

const notebook: JupyterFrontEndPlugin<void> = {
  id: '@notebook-studio/lab:status-notebook',
  description: 'Whether the notebook in front is approved, in the status bar.',
  autoStart: true,
  requires: [INotebookState],
  optional: [IStatusBar, ITranslator], // Notebook 7 has no status bar
  activate: (
    app: JupyterFrontEnd,
    state: INotebookState,
    bar: IStatusBar | null,
    translator: ITranslator | null
  ): void => {
    if (!bar) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const item = new NotebookItem(state, app.commands, trans);
    bar.registerStatusItem('@notebook-studio/lab:status-notebook', {
      item,
      align: 'right',
      rank: 2,
      isActive: () => item.isActive,
      activeStateChanged: state.changed
    });
  }
};

const running: JupyterFrontEndPlugin<void> = {
  id: '@notebook-studio/lab:status-running',
  description: 'How many runs, tests and submissions go on, in the status bar.',
  autoStart: true,
  requires: [IStudio],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    studio: IStudio,
    bar: IStatusBar | null,
    translator: ITranslator | null
  ): void => {
    if (!bar) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { activities } = studio;
    bar.registerStatusItem('@notebook-studio/lab:status-running', {
      item: new RunningItem(activities, app.commands, trans),
      align: 'left',
      rank: 20,
      isActive: () => activities.running.length > 0,
      activeStateChanged: activities.changed
    });
  }
};

export const plugins: JupyterFrontEndPlugin<any>[] = [notebook, running];
