/**
 * What the panels of this capability can do in Lab, as an interface, so that tests see what was asked for.
 */
import type { CommandRegistry } from '@lumino/commands';

import { CommandIDs, run } from '../commands';

export interface IActions {
  /** Open a notebook, as Jupyter calls it, at a cell (its index from 0, or its id). */
  openNotebook(path: string, cell?: number | string | null): void;
  /** Open any file in its editor. */
  openFile(path: string): void;
  /** Open an address of MLflow's pages behind Jupyter. */
  openMlflow(address: string): void;
  /** Open a pipeline, with a run of it. */
  openPipeline(pipeline: string, run?: string): void;
}

/** The same by Lab's commands. */
export function actionsIn(commands: CommandRegistry): IActions {
  const openFile = (path: string): void => void commands.execute('docmanager:open', { path });
  return {
    openFile,
    openNotebook: (path, cell) => {
      const at = cell === undefined || cell === null ? {} : { cell };
      if (!run(commands, CommandIDs.openNotebook, { path, ...at })) {
        openFile(path); // the capability that knows cells is switched off
      }
    },
    openMlflow: address => {
      // A tracking server of a team lets no other page show it in a frame.
      const ours = new URL(address, window.location.href).origin === window.location.origin;
      if (!ours || !run(commands, CommandIDs.openMlflow, { address })) {
        window.open(address, '_blank', 'noopener');
      }
    },
    openPipeline: (pipeline, given) =>
      void run(commands, CommandIDs.openPipeline, { pipeline, ...(given ? { run: given } : {}) })
  };
}
