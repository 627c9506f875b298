/**
 * The commands of the notebook in front: for the palette, toolbars and shortcuts.
 */
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { DisposableDelegate, DisposableSet, type IDisposable } from '@lumino/disposable';

import type { Actions } from './actions';
import { isMarked, targets } from './marks';
import type { INotebookModel } from './model';
import { type Change, type IOpenNotebook, type Mark, MARKS } from './open';
import { markIcons } from './icons';
import type { IFollowing } from './panel';

export namespace NotebookCommandIDs {
  export const check = 'studio:check-notebook';
  export const test = 'studio:test-notebook';
  export const submit = 'studio:submit-notebook';
  export const insertParameters = 'studio:insert-parameters-cell';
  export const openPanel = 'studio:open-notebook-panel';
  /** `studio:mark-parameters`, `studio:mark-test`, `studio:mark-scratch`, `studio:mark-feature-view`. */
  export const mark = (mark: Mark): string => `studio:mark-${mark}`;
}

export interface INotebookCommandsOptions {
  commands: CommandRegistry;
  following: IFollowing;
  actions: Actions;
  trans: TranslationBundle;
  palette: ICommandPalette | null;
  /** Bring the panel into sight; `focus` puts the keyboard into it. */
  reveal: (focus: boolean) => void;
}

/** Add them; what is given back takes them away. */
export function addCommands(options: INotebookCommandsOptions): IDisposable {
  const { commands, following, actions, trans, palette, reveal } = options;
  const added = new DisposableSet();
  const isEnabled = (): boolean => following.model !== null;
  const add = (id: string, command: CommandRegistry.ICommandOptions): void => {
    added.add(commands.addCommand(id, { isEnabled, ...command }));
    const item = palette?.addItem({ command: id, category: trans.__('Studio') });
    if (item) {
      added.add(item);
    }
  };
  /** In a toolbar, where the notebook is plain to see, a word is enough. */
  const label = (short: string, long: string) => (args: { toolbar?: unknown }) =>
    args.toolbar ? short : long;
  const withModel = (action: (model: INotebookModel) => unknown) => () =>
    following.model && action(following.model);

  add(NotebookCommandIDs.check, {
    label: label(trans.__('Check'), trans.__('Check Notebook')),
    caption: trans.__('Save the notebook and look for problems in it'),
    execute: withModel(model => {
      reveal(false);
      return actions.check(model);
    })
  });
  add(NotebookCommandIDs.test, {
    label: label(trans.__('Test'), trans.__('Test Notebook')),
    caption: trans.__('Save the notebook and run its tests in fresh kernels'),
    execute: withModel(model => {
      reveal(false);
      return actions.test(model);
    })
  });
  add(NotebookCommandIDs.submit, {
    label: label(trans.__('Submit'), trans.__('Submit Notebook for Review…')),
    caption: trans.__('Test the notebook and ask for a review'),
    execute: withModel(model => {
      reveal(false);
      return actions.submitTold(model);
    })
  });
  add(NotebookCommandIDs.insertParameters, {
    label: trans.__('Insert Parameters Cell'),
    caption: trans.__('Insert a cell of typed parameters, or show the one that is there'),
    execute: withModel(model => actions.insertParameters(model))
  });
  add(NotebookCommandIDs.openPanel, {
    label: trans.__('Show Notebook Panel'),
    caption: trans.__('What Studio knows of the notebook in front'),
    isEnabled: () => true,
    execute: () => reveal(true)
  });
  for (const mark of MARKS) {
    add(NotebookCommandIDs.mark(mark), {
      ...wordsFor(mark, trans),
      icon: args => (args.toolbar ? markIcons[mark] : undefined),
      isEnabled: () =>
        following.model !== null && targets(following.model.notebook, mark).length > 0,
      isToggled: () => following.model !== null && isMarked(following.model.notebook, mark),
      execute: withModel(model => actions.mark(model, mark))
    });
  }
  added.add(keptFresh(commands, following));
  return added;
}

function wordsFor(mark: Mark, trans: TranslationBundle): { label: string; caption: string } {
  switch (mark) {
    case 'parameters':
      return {
        label: trans.__('Mark Cell as Parameters'),
        caption: trans.__('Parameters: this cell sets what can be given from outside')
      };
    case 'test':
      return {
        label: trans.__('Mark Cell as Test'),
        caption: trans.__('Test: its functions are run as tests, and left out of runs')
      };
    case 'scratch':
      return {
        label: trans.__('Mark Cell as Scratch'),
        caption: trans.__('Scratch: exploration that stays out of runs, tests and reviews')
      };
    case 'feature-view':
      return {
        label: trans.__('Mark Cell as Feature View'),
        caption: trans.__('Feature view: this cell defines one')
      };
  }
}

/** Tell Lab when what the commands look like may have changed. */
function keptFresh(commands: CommandRegistry, following: IFollowing): IDisposable {
  const marks = MARKS.map(NotebookCommandIDs.mark);
  const others = [
    NotebookCommandIDs.check,
    NotebookCommandIDs.test,
    NotebookCommandIDs.submit,
    NotebookCommandIDs.insertParameters
  ];
  const tell = (ids: readonly string[]): void =>
    ids.forEach(id => commands.notifyCommandChanged(id));
  let notebook: IOpenNotebook | null = null;
  const onChange = (_: IOpenNotebook, change: Change): void => {
    if (change.kind === 'active' || change.kind === 'cells') {
      tell(marks);
    }
  };
  const follow = (): void => {
    notebook?.changed.disconnect(onChange);
    notebook = following.model?.notebook ?? null;
    notebook?.changed.connect(onChange);
    tell([...marks, ...others]);
  };
  following.modelChanged.connect(follow);
  follow();
  return new DisposableDelegate(() => {
    following.modelChanged.disconnect(follow);
    notebook?.changed.disconnect(onChange);
  });
}
