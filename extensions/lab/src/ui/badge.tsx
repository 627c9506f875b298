/**
 * A state as a word with a mark: never by colour alone.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** How a state looks. */
export type Tone = 'good' | 'bad' | 'warn' | 'active' | 'plain';

const TONES: { [status: string]: Tone } = {
  approved: 'good',
  completed: 'good',
  passed: 'good',
  reused: 'good',
  lapsed: 'warn',
  returned: 'warn',
  stopped: 'warn',
  skipped: 'warn',
  delayed: 'warn',
  submitted: 'active',
  running: 'active',
  starting: 'active',
  waiting: 'active',
  failed: 'bad',
  error: 'bad',
  died: 'bad',
  killed: 'bad',
  invalid: 'bad',
  refused: 'bad',
  rejected: 'bad',
  revoked: 'bad',
  problem: 'bad'
};
const MARKS: { [tone in Tone]: string } = {
  good: '✓',
  bad: '✕',
  warn: '!',
  active: '●',
  plain: '○'
};

/** How a state of a notebook, run, step, test, submission or activity looks. */
export function toneOf(status: string): Tone {
  return TONES[status] ?? 'plain';
}

/** The word for a state, translated. */
export function wordOf(status: string, trans: TranslationBundle): string {
  const words: { [status: string]: string } = {
    approved: trans.__('approved'),
    completed: trans.__('completed'),
    passed: trans.__('passed'),
    reused: trans.__('reused'),
    lapsed: trans.__('lapsed'),
    returned: trans.__('returned'),
    stopped: trans.__('stopped'),
    skipped: trans.__('skipped'),
    delayed: trans.__('delayed'),
    submitted: trans.__('submitted'),
    running: trans.__('running'),
    starting: trans.__('starting'),
    waiting: trans.__('waiting'),
    failed: trans.__('failed'),
    error: trans.__('error'),
    died: trans.__('died'),
    killed: trans.__('killed'),
    invalid: trans.__('invalid'),
    refused: trans.__('refused'),
    rejected: trans.__('rejected'),
    revoked: trans.__('revoked'),
    draft: trans.__('draft'),
    pending: trans.__('pending'),
    'not run': trans.__('not run')
  };
  return words[status] ?? status;
}

export interface IStatusBadgeProps {
  status: string;
  trans: TranslationBundle;
  /** Another word than the state's own. */
  text?: string;
  /** Another look than the state's own. */
  tone?: Tone;
  title?: string;
}

/** A state. */
export function StatusBadge(props: IStatusBadgeProps): JSX.Element {
  const tone = props.tone ?? toneOf(props.status);
  return (
    <span className={`studio-Badge studio-mod-${tone}`} title={props.title}>
      <span className="studio-Badge-mark" aria-hidden="true">
        {MARKS[tone]}
      </span>
      {props.text ?? wordOf(props.status, props.trans)}
    </span>
  );
}
