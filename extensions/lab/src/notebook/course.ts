/**
 * The course of an activity: what its events say, folded into what a person wants to know of it now.
 */
import type { Activity, ActivityEvent, JsonValue } from '../api';

/** What is known of an activity. */
export interface ICourse {
  readonly activity: Activity;
  /** The step that runs now; "" between steps. */
  readonly step: string;
  /** Cells of that step that are done, and all of them; 0 where it is not known. */
  readonly done: number;
  readonly total: number;
  /** Tests that are decided, by status. */
  readonly counts: { readonly [status: string]: number };
  /** What was said last: a message, or the sentence that ended it. */
  readonly said: string;
  /** More about it: what failed, as far as the program told it. */
  readonly detail: string;
  readonly ended: boolean;
  /** The activity's status; how it ended once it has. */
  readonly status: string;
  /** The run's identifier once it is known. */
  readonly run: string;
  /** What came of it: what `--json` of the command prints. */
  readonly result: { readonly [key: string]: JsonValue } | null;
}

/** The course of an activity of which nothing has been heard yet. */
export function begun(activity: Activity): ICourse {
  const { status, run } = activity;
  const nothing = { step: '', done: 0, total: 0, counts: {}, said: '', detail: '', result: null };
  return { ...nothing, activity, status, run, ended: false };
}

/** The course after one more event. */
export function advanced(course: ICourse, event: ActivityEvent): ICourse {
  const run = event.run || course.run;
  switch (event.kind) {
    case 'step started':
      return { ...course, run, step: event.step, done: 0, total: event.total, status: 'running' };
    case 'cell':
      return { ...course, run, step: event.step, done: event.done, total: event.total };
    case 'step finished':
      return {
        ...course,
        run,
        step: course.step === event.step ? '' : course.step,
        done: 0,
        total: 0
      };
    case 'case': {
      const counts = { ...course.counts, [event.status]: (course.counts[event.status] ?? 0) + 1 };
      return { ...course, run, counts, status: 'running' };
    }
    case 'message':
      return { ...course, run, said: event.text };
    case 'ended': {
      const { status, text: said, detail, result } = event;
      return { ...course, run, step: '', status, said, detail, result, ended: true };
    }
    default:
      return { ...course, run, status: 'running' };
  }
}

/** How many tests are decided. */
export function decided(course: ICourse): number {
  return Object.values(course.counts).reduce((sum, count) => sum + count, 0);
}

/** How many tests did not pass. */
export function fallen(course: ICourse): number {
  return (course.counts.failed ?? 0) + (course.counts.error ?? 0);
}
