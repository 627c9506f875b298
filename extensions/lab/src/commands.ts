/**
 * The commands that cross from one capability to another, with their arguments; each is added by its owner.
 */
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { Run } from './api';
import type { IStudioClient } from './tokens';

export namespace CommandIDs {
  /** `{submission}`: a review in the main area. */
  export const openReview = 'studio:open-review';
  /** `{pipeline, run?}`: the graph of a pipeline, or of a notebook by its path in the workspace; with a run. */
  export const openPipeline = 'studio:open-pipeline';
  /** `{pipeline?}`: the list of runs. */
  export const openRuns = 'studio:open-runs';
  /** The ledger. */
  export const openLedger = 'studio:open-ledger';
  /** The home panel on the left. */
  export const openHome = 'studio:open-home';
  /** `{path, cell?}`: a notebook as Jupyter calls it, at a cell: its id, or its index from 0. */
  export const openNotebook = 'studio:open-notebook';
  /** `{template?, folder?, name?}`: a new notebook from a template; asks for what is not given. */
  export const newNotebook = 'studio:new-notebook';
  /** `{name?, notebooks?}`: a new pipeline; asks for what is not given. */
  export const newPipeline = 'studio:new-pipeline';
  /** MLflow's pages. */
  export const openMlflow = 'studio:open-mlflow';
  /** `{name}`: an app. */
  export const openApp = 'studio:open-app';
  /** Make all panels ask anew. */
  export const refresh = 'studio:refresh';
}

/** Run a command of another capability; false where that capability is not there (switched off, or not yet loaded). */
export function run(
  commands: CommandRegistry,
  id: string,
  args: ReadonlyPartialJSONObject = {}
): boolean {
  if (!commands.hasCommand(id)) {
    return false;
  }
  void commands.execute(id, args);
  return true;
}

/** What `openPipeline` knows a run's pipeline by: the one of a single notebook has a made-up name, and is its path. */
export function pipelineOf(found: Pick<Run, 'name' | 'pipeline'>): string {
  return found.name || found.pipeline;
}

/** Open a run, of which the identifier is known, at its pipeline's graph; rejects where its record is gone. */
export async function openRun(
  commands: CommandRegistry,
  client: Pick<IStudioClient, 'get'>,
  id: string
): Promise<void> {
  const found = await client.get('runs/run', { run: id });
  run(commands, CommandIDs.openPipeline, { pipeline: pipelineOf(found), run: id });
}
