/**
 * The cards of the launcher: which there are is for the server to say, and may change with the workspace.
 */
import type { ILauncher } from '@jupyterlab/launcher';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { DisposableSet } from '@lumino/disposable';

import type { App, Template } from '../api';
import { CommandIDs } from '../commands';

export interface ICards {
  templates: readonly Template[];
  apps: readonly App[];
}

/** Ranks: notebooks in the order of the work, then what is made of them. */
const RANKS = { notebooks: 0, pipeline: 100, mlflow: 110, apps: 200 };

/** Put them into the launcher; disposing of the answer takes them out. */
export function addCards(
  launcher: ILauncher,
  commands: CommandRegistry,
  trans: TranslationBundle,
  cards: ICards
): DisposableSet {
  const category = trans.__('Studio');
  const added = new DisposableSet();
  const add = (command: string, rank: number, args: { [name: string]: string } = {}): void => {
    if (commands.hasCommand(command)) {
      added.add(launcher.add({ command, args, category, rank }));
    }
  };
  cards.templates.forEach((one, index) =>
    add(CommandIDs.newNotebook, RANKS.notebooks + index, { template: one.name })
  );
  add(CommandIDs.newPipeline, RANKS.pipeline);
  add(CommandIDs.openMlflow, RANKS.mlflow);
  cards.apps
    .filter(one => one.problem === '')
    .forEach((one, index) => add(CommandIDs.openApp, RANKS.apps + index, { name: one.name }));
  return added;
}
