/** The plugins of the capability "notebook": the panel of the notebook in front, and what is around its cells. */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { SETTINGS } from '../plugin';
import { INotebookState, IStudio } from '../tokens';
import { DOMAIN } from '../translation';
import { Panel } from '../ui';
import { Actions } from './actions';
import { CellMarks } from './cellMarks';
import { addCommands } from './commands';
import { Dialogs } from './dialogs';
import { Folds } from './folds';
import { Follower } from './following';
import { LabNotebook } from './hosted';
import { notebookPanelIcon } from './icons';
import { Links } from './links';
import { NotebookView } from './panel';

const ID = 'studio-notebook-panel';

const notebook: JupyterFrontEndPlugin<INotebookState> = {
  id: '@notebook-studio/lab:notebook',
  description:
    'The Notebook panel, the toolbar buttons of notebooks and cells, and the marks beside cells.',
  autoStart: true,
  provides: INotebookState,
  requires: [IStudio, INotebookTracker],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer, ISettingRegistry, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    studio: IStudio,
    tracker: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    settings: ISettingRegistry | null,
    state: IStateDB | null
  ): INotebookState => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const dialogs = new Dialogs(trans);
    const actions = new Actions(dialogs, trans);
    const links = new Links(commands, studio);
    const folds = new Folds(state);
    const all = new Set<CellMarks>();
    const shows = shownResults(settings, () => all.forEach(marks => marks.plan()));
    const follower = new Follower({
      shell,
      tracker,
      studio,
      dialogs,
      trans,
      opened: (model, open) => {
        const test = (names: readonly string[]): void => void actions.test(model, names);
        const marks = new CellMarks({ notebook: open, model, trans, shows, test });
        all.add(marks);
        open.disposed.connect(() => all.delete(marks));
      }
    });
    const panel = new Panel({
      id: ID,
      title: trans.__('Notebook'),
      icon: notebookPanelIcon,
      trans,
      content: () =>
        React.createElement(NotebookView, {
          following: follower,
          studio,
          links,
          folds,
          trans,
          submit: model => actions.submit(model),
          insertParameters: model => void actions.insertParameters(model)
        })
    });
    shell.add(panel, 'right', { rank: 90, type: 'Studio' });
    restorer?.add(panel, ID);

    const reveal = (focus: boolean): void => {
      shell.activateById(ID);
      if (focus) {
        panel.node.querySelector<HTMLElement>('button, input, [tabindex]')?.focus();
      }
    };
    addCommands({ commands, following: follower, actions, trans, palette, reveal });
    commands.addCommand(CommandIDs.openNotebook, {
      label: trans.__('Open Notebook at a Cell'),
      execute: async args => {
        const path = String(args['path'] ?? '');
        const cell = args['cell'];
        const widget: NotebookPanel | undefined = await commands.execute('docmanager:open', {
          path
        });
        if (widget && cell !== undefined && cell !== null && tracker.has(widget)) {
          const opened = new LabNotebook(widget, () => shell.activateById(widget.id));
          await opened.ready;
          await widget.revealed;
          await opened.jump(
            typeof cell === 'number'
              ? { id: '', number: cell + 1 }
              : { id: String(cell), number: 0 }
          );
          opened.dispose();
        }
        return widget;
      }
    });
    return follower;
  }
};

/** Whether results are shown beside cells: what the settings say; `changed` is called when they say another thing. */
function shownResults(registry: ISettingRegistry | null, changed: () => void): () => boolean {
  let shown = true;
  registry?.load(SETTINGS).then(
    settings => {
      const apply = (): void => {
        shown = settings.get('showCellResults').composite !== false;
        changed();
      };
      settings.changed.connect(apply);
      apply();
    },
    reason =>
      console.warn(
        'Studio: the settings cannot be read, so results are shown beside cells.',
        reason
      )
  );
  return () => shown;
}

export const plugins: JupyterFrontEndPlugin<any>[] = [notebook];
