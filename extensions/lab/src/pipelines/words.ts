/**
 * Statuses, times and numbers in words for people, the same in the graph, the lists and the details.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { JsonValue } from '../api';
import { lasting, wordOf } from '../ui';
import { STATUSES, type IPartState, type IStepState, type Status } from './states';

/** A status in one or two words. */
export function statusWord(trans: TranslationBundle, status: string): string {
  switch (status as Status) {
    case 'would run':
      return trans.__('would run');
    case 'would be reused':
      return trans.__('would be reused');
    case 'undecided':
      return trans.__('decided in the run');
    case 'absent':
      return trans.__('not in this run');
    default:
      return wordOf(status, trans);
  }
}

/** How long something that started then goes on by now, in seconds. */
export function elapsed(started: string | null, now: number): number | null {
  return started === null ? null : Math.max(0, (now - Date.parse(started)) / 1000);
}

/** `3 completed, 1 failed`. */
export function countsText(
  trans: TranslationBundle,
  counts: readonly (readonly [string, number])[]
): string {
  return counts.map(([status, count]) => `${count} ${statusWord(trans, status)}`).join(', ');
}

/** The counts of a run's record, worst first. */
export function ordered(counts: { [status: string]: number }): [string, number][] {
  return STATUSES.filter(status => counts[status]).map(status => [status, counts[status]]);
}

/** `8 steps: 1 failed, 3 run, 4 reused`: how many steps of a run ended how. */
export function endingsText(
  trans: TranslationBundle,
  counts: { [status: string]: number }
): string {
  const endings = ordered(counts);
  const all = endings.reduce((whole, [, count]) => whole + count, 0);
  const [only] = endings;
  if (endings.length === 1 && only[0] === 'completed') {
    return trans._n('%1 step run', '%1 steps run', all);
  }
  const ends = endings
    .map(([status, count]) =>
      status === 'completed' ? trans.__('%1 run', count) : `${count} ${statusWord(trans, status)}`
    )
    .join(', ');
  return ends ? `${trans._n('%1 step', '%1 steps', all)}: ${ends}` : '';
}

/** What a step's node says below its name, piece by piece. */
export function stateWords(trans: TranslationBundle, state: IStepState, now: number): string[] {
  const mixed = state.counts.length > 1;
  const lead = mixed ? countsText(trans, state.counts) : statusWord(trans, state.status);
  return [lead, progressText(trans, state), timeText(trans, state, now)].filter(Boolean);
}

/** `3 of 12 cells` while something runs. */
export function progressText(trans: TranslationBundle, state: IPartState): string {
  return state.status === 'running' && state.total
    ? trans.__('%1 of %2 cells', String(state.done), String(state.total))
    : '';
}

/** How long it took, or runs by now. */
export function timeText(trans: TranslationBundle, state: IPartState, now: number): string {
  if (state.status === 'running') {
    return lasting(elapsed(state.started, now), trans);
  }
  return ['completed', 'failed', 'killed'].includes(state.status)
    ? lasting(state.seconds, trans)
    : '';
}

/** A value as a person reads it: numbers short, texts as they are, the rest as JSON. */
export function valueText(value: JsonValue | undefined): string {
  if (value === undefined) {
    return '–';
  }
  if (typeof value === 'number') {
    return numberText(value);
  }
  if (typeof value === 'string') {
    return value;
  }
  const secret = secretOf(value);
  return secret === null ? JSON.stringify(value) : `$${secret}`;
}

/** Four significant digits; whole numbers whole. */
export function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** The environment variable that holds a secret value; null for every other value. */
export function secretOf(value: JsonValue): string | null {
  return value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    typeof value.secret === 'string'
    ? value.secret
    : null;
}
