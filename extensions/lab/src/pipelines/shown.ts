/**
 * What an open pipeline shows at a moment: one object that is never changed, and another one after each change.
 */
import type { Activity, Pipeline, Run } from '../api';
import type { StudioFault } from '../fault';
import { fold, type IFoldedGraph } from './fold';

/** What stands beside the graph. */
export type Beside = 'nothing' | 'step' | 'run' | 'form' | 'comparison';

/** Something that was started and goes on, or had no run when it ended. */
export interface IGoing {
  activity: Activity;
  /** The run, once it is known; empty before. */
  run: string;
  /** Whether its run has begun; before that the plan is made and checked. */
  begun: boolean;
  /** Whether it was asked to stop. */
  stopping: boolean;
}

/** What the panels show; a new object whenever something in it changed. */
export interface ISnapshot {
  /** The pipeline as the server knows it; null before the first answer. */
  pipeline: Pipeline | null;
  /** The latest graph that could be drawn, which stays when the pipeline's file is broken. */
  graph: IFoldedGraph;
  /** Why the pipeline could not be asked for. */
  fault: StudioFault | null;
  waiting: boolean;
  /** The run that is shown; empty: what a run would do now. */
  chosen: string;
  /** Its record; null until it is known. */
  run: Run | null;
  /** Why its record could not be asked for. */
  runFault: StudioFault | null;
  going: IGoing | null;
  /** What the latest thing that was started had to say: a refusal, a fault. */
  notice: StudioFault | null;
  /** The run that the notice is about; empty where there is none. */
  noticed: string;
  beside: Beside;
  /** The step (its name) or part (its key) whose details are shown. */
  selected: string;
  /** The two runs that are compared. */
  compared: [string, string] | null;
}

/** Before the first answer. */
export const NOTHING: ISnapshot = {
  pipeline: null,
  graph: fold({ steps: [] }),
  fault: null,
  waiting: true,
  chosen: '',
  run: null,
  runFault: null,
  going: null,
  notice: null,
  noticed: '',
  beside: 'nothing',
  selected: '',
  compared: null
};
