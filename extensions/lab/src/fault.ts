/**
 * What went wrong, in the words of the server: every error that a panel shows is one of these.
 */
import type { Failure } from './api';

/** An error that owns its sentence: the fact with the culprit (`message`), and the next step. */
export class StudioFault extends Error {
  /** The HTTP status; 0 where Jupyter did not answer. */
  readonly status: number;
  /** The next step; may be empty. */
  readonly next: string;
  /** The policy's rule that refused, or the kind of the error. */
  readonly rule: string;
  /** With which the operator finds an unexpected error in the server's log; "" for every other. */
  readonly number: string;
  /** Each wrong place. */
  readonly problems: Failure['problems'];

  constructor(status: number, failure: Partial<Failure> & { message: string }) {
    super(failure.message);
    this.name = 'StudioFault';
    this.status = status;
    this.next = failure.next ?? '';
    this.rule = failure.rule ?? '';
    this.number = failure.number ?? '';
    this.problems = failure.problems ?? [];
  }

  /** Any error as a fault. */
  static of(reason: unknown): StudioFault {
    if (reason instanceof StudioFault) {
      return reason;
    }
    return new StudioFault(0, {
      message: reason instanceof Error ? reason.message : String(reason)
    });
  }

  /** What is wrong with each field: the last part of a problem's `field`, or the whole of it, and its sentence. */
  byField(): { [field: string]: string } {
    const named = this.problems.filter(problem => problem.field);
    return Object.fromEntries(named.map(problem => [problem.field, problem.message]));
  }
}

/** Whether `value` is the body of an error. */
export function isFailure(value: unknown): value is Failure {
  return (
    typeof value === 'object' && value !== null && typeof (value as Failure).message === 'string'
  );
}
