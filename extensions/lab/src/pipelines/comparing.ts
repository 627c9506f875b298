/**
 * Two runs side by side: how their steps ended, with which values, and what they measured.
 */
import type { JsonValue, Run, StepRun } from '../api';

export type Kind = 'status' | 'seconds' | 'value' | 'measure';

/** One line of the comparison. */
export interface ICompared {
  /** The step's key. */
  step: string;
  kind: Kind;
  /** Of the value or measure; empty for status and seconds. */
  name: string;
  /** What each run has; undefined where it has none. */
  left: JsonValue | undefined;
  right: JsonValue | undefined;
  differs: boolean;
  /** How far the right one is from the left one, where both are numbers. */
  change: number | null;
}

/** All lines, step by step in the order of the right run, then of what only the left one has. */
export function compareRuns(left: Run, right: Run): ICompared[] {
  const lefts = new Map(left.steps.map(step => [step.key, step]));
  const rights = new Map(right.steps.map(step => [step.key, step]));
  return union(rights.keys(), lefts.keys()).flatMap(key =>
    ofStep(key, lefts.get(key), rights.get(key))
  );
}

function ofStep(step: string, left: StepRun | undefined, right: StepRun | undefined): ICompared[] {
  const line = (
    kind: Kind,
    name: string,
    a: JsonValue | undefined,
    b: JsonValue | undefined
  ): ICompared => ({
    step,
    kind,
    name,
    left: a,
    right: b,
    // Two runs never take the same time: that says nothing about what they did.
    differs: kind !== 'seconds' && JSON.stringify(a) !== JSON.stringify(b),
    change: typeof a === 'number' && typeof b === 'number' ? b - a : null
  });
  const each = (kind: Kind, a: Values | undefined, b: Values | undefined) =>
    union(Object.keys(b ?? {}), Object.keys(a ?? {})).map(name =>
      line(kind, name, a?.[name], b?.[name])
    );
  return [
    line('status', '', left?.status, right?.status),
    line('seconds', '', left?.seconds ?? undefined, right?.seconds ?? undefined),
    ...each('value', left?.values, right?.values),
    ...each('measure', left?.metrics, right?.metrics)
  ];
}

type Values = { [name: string]: JsonValue };

function union(first: Iterable<string>, second: Iterable<string>): string[] {
  return [...new Set([...first, ...second])];
}
