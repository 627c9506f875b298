/**
 * The state of each step, from a run's record or from what a run would do; told to those who draw it, and only when
 * it changed: a node draws itself anew when its own step did, however many steps there are.
 */
import type { Run, Step, StepRun, Verdict } from '../api';
import type { IFoldedGraph, IFoldedStep } from './fold';

/** Of a run's record, or (the first three) of what a run would do; `absent`: the chosen run knows no such step. */
export type Status =
  | 'would run'
  | 'would be reused'
  | 'undecided'
  | 'waiting'
  | 'running'
  | 'completed'
  | 'reused'
  | 'failed'
  | 'killed'
  | 'not run'
  | 'absent';

/** The state of one part. */
export interface IPartState {
  status: Status;
  /** Cells finished, and in all; 0 where this is not known. */
  done: number;
  total: number;
  started: string | null;
  seconds: number | null;
  attempt: number;
  /** Why it ran, is reused, would be run … */
  reason: string;
}

/** The state of a step: of its only part, or of all parts of a fan-out together. */
export interface IStepState extends IPartState {
  /** How many parts have which status, in the order of `STATUSES`. */
  counts: [Status, number][];
  /** Its parts by key. */
  parts: ReadonlyMap<string, IPartState>;
}

/** What the parts of a fan-out are called together: the first of these that one of them has. */
export const STATUSES: readonly Status[] = [
  'failed',
  'killed',
  'running',
  'waiting',
  'undecided',
  'would run',
  'would be reused',
  'not run',
  'completed',
  'reused',
  'absent'
];

/** The states of all steps of a graph in a run. */
export function statesOfRun(graph: IFoldedGraph, run: Run): Map<string, IStepState> {
  const records = new Map(run.steps.map(step => [step.key, step]));
  return statesOf(graph, key => {
    const record = records.get(key);
    return record ? recorded(record) : ABSENT;
  });
}

/** What a run would do with each step. */
export function statesOfPlan(graph: IFoldedGraph, steps: readonly Step[]): Map<string, IStepState> {
  const verdicts = new Map(steps.map(step => [step.key, step.verdict]));
  return statesOf(graph, key => foreseen(verdicts.get(key) ?? null));
}

/** The state of one record. */
export function recorded(step: StepRun): IPartState {
  const { done, total, started, seconds, attempt, reason } = step;
  return { status: step.status as Status, done, total, started, seconds, attempt, reason };
}

function statesOf(graph: IFoldedGraph, of: (key: string) => IPartState): Map<string, IStepState> {
  const parts = (step: IFoldedStep) => new Map(step.parts.map(part => [part.key, of(part.key)]));
  return new Map(graph.steps.map(step => [step.name, together(parts(step))]));
}

/** The state of all parts together. */
export function together(parts: ReadonlyMap<string, IPartState>): IStepState {
  const all = [...parts.values()];
  const counts = STATUSES.map(status => [status, all.filter(part => part.status === status).length])
    .filter(([, count]) => count)
    .map(pair => pair as [Status, number]);
  if (all.length === 1) {
    return { ...all[0], counts, parts };
  }
  const status = counts[0][0];
  const alike = all.filter(part => part.status === status);
  const reasons = new Set(alike.map(part => part.reason));
  return {
    status,
    done: sum(all, 'done'),
    total: sum(all, 'total'),
    started: earliest(all),
    seconds: all.some(part => part.seconds === null)
      ? null
      : Math.max(...all.map(part => part.seconds as number)),
    attempt: Math.max(...all.map(part => part.attempt)),
    reason: reasons.size === 1 ? alike[0].reason : '',
    counts,
    parts
  };
}

/** Of a step that the shown run does not know. */
export const ABSENT: IPartState = {
  status: 'absent',
  done: 0,
  total: 0,
  started: null,
  seconds: null,
  attempt: 0,
  reason: ''
};

function foreseen(verdict: Verdict | null): IPartState {
  const status =
    !verdict || verdict.undecided ? 'undecided' : verdict.reuse ? 'would be reused' : 'would run';
  return { ...ABSENT, status, reason: verdict?.reason ?? '' };
}

function sum(parts: IPartState[], name: 'done' | 'total'): number {
  return parts.reduce((whole, part) => whole + part[name], 0);
}

function earliest(parts: IPartState[]): string | null {
  const times = parts.filter(part => part.started !== null).map(part => part.started as string);
  return times.length ? times.reduce((first, time) => (time < first ? time : first)) : null;
}

type Listener = () => void;

/** The states that are shown; who draws one step listens to that step alone. */
export class StepStates {
  /** The state of a step; undefined where there is none of that name. */
  get(name: string): IStepState | undefined {
    return this._states.get(name);
  }

  /** All states, a new map whenever one of them changed. */
  get all(): ReadonlyMap<string, IStepState> {
    return this._states;
  }

  /** Show other states; listeners of those that differ are told, all in the next frame. */
  set(states: ReadonlyMap<string, IStepState>): void {
    const next = new Map<string, IStepState>();
    const marks = new Map<string, string>();
    let changed = states.size !== this._states.size;
    for (const [name, state] of states) {
      const mark = JSON.stringify({ ...state, parts: [...state.parts] });
      const same = this._marks.get(name) === mark;
      // An unchanged state stays the same object, so that React sees at once that there is nothing to do.
      next.set(name, same ? (this._states.get(name) as IStepState) : state);
      marks.set(name, mark);
      if (!same) {
        changed = true;
        this._waiting.add(name);
      }
    }
    if (!changed) {
      return;
    }
    this._states = next;
    this._marks = marks;
    if (!this._frame) {
      this._frame = requestAnimationFrame(() => this._tell());
    }
  }

  /** Be told of changes of one step; returns what ends it. */
  subscribe(name: string, listener: Listener): Listener {
    const found = this._listeners.get(name) ?? new Set<Listener>();
    found.add(listener);
    this._listeners.set(name, found);
    return () => void found.delete(listener);
  }

  /** Be told once of any number of changes. */
  subscribeAll(listener: Listener): Listener {
    this._any.add(listener);
    return () => void this._any.delete(listener);
  }

  dispose(): void {
    cancelAnimationFrame(this._frame);
    this._listeners.clear();
    this._any.clear();
  }

  private _tell(): void {
    this._frame = 0;
    const waiting = [...this._waiting];
    this._waiting.clear();
    for (const name of waiting) {
      this._listeners.get(name)?.forEach(listener => listener());
    }
    this._any.forEach(listener => listener());
  }

  private _states: ReadonlyMap<string, IStepState> = new Map();
  private _marks: ReadonlyMap<string, string> = new Map();
  private _waiting = new Set<string>();
  private _listeners = new Map<string, Set<Listener>>();
  private _any = new Set<Listener>();
  private _frame = 0;
}
