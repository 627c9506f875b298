/**
 * What is shown, how far it is, and the buttons that run, stop and resume; told to those who hear the page, too.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Run } from '../api';
import { lasting } from '../ui';
import { useNow } from './graph/context';
import { StatusMark } from './mark';
import type { ISnapshot } from './shown';
import { countsText, elapsed, endingsText, statusWord } from './words';

export interface IRunBarProps {
  trans: TranslationBundle;
  shown: ISnapshot;
  /** How many runs there are. */
  total: number;
  run: () => void;
  stop: () => void;
  resume: () => void;
  select: (step: string) => void;
  openRun: () => void;
  choose: (run: string) => void;
}

/** The bar. */
export function RunBar(props: IRunBarProps): JSX.Element {
  const { trans, shown, run } = props;
  const { going, run: record } = shown;
  const live = record?.status === 'running';
  const now = useNow(live);
  // A run that has ended may take a while to write the last of its record.
  const ending = going !== null && going.run === record?.run && going.begun && !live;
  const busy = (going !== null && !ending) || live;
  const failed = record?.steps.find(step => step.status === 'failed');
  const canStop = (going !== null && !ending) || (live && record.activity !== '');
  return (
    <div className="studio-RunBar" role="group" aria-label={trans.__('Run')}>
      <div className="studio-RunBar-buttons">
        <button
          type="button"
          className="studio-Button studio-mod-main"
          disabled={busy || !shown.pipeline || Boolean(shown.pipeline.problem)}
          onClick={run}
        >
          {trans.__('Run…')}
        </button>
        {canStop ? (
          <button
            type="button"
            className="studio-Button"
            disabled={going?.stopping}
            onClick={props.stop}
          >
            {going?.stopping ? trans.__('Stopping…') : trans.__('Stop')}
          </button>
        ) : null}
        {!going && !busy && (record?.status === 'failed' || record?.status === 'killed') ? (
          <button type="button" className="studio-Button" onClick={props.resume}>
            {trans.__('Resume')}
          </button>
        ) : null}
      </div>
      <div className="studio-RunBar-state">
        {record ? <StatusMark status={record.status} /> : null}
        <span className="studio-RunBar-text">{barText(trans, props, now)}</span>
        {failed ? (
          <button type="button" className="studio-Link" onClick={() => props.select(failed.key)}>
            {trans.__('Show %1', failed.key)}
          </button>
        ) : null}
        {record ? (
          <button type="button" className="studio-Link" onClick={props.openRun}>
            {trans.__('About this run')}
          </button>
        ) : null}
      </div>
      {going?.run && going.run !== shown.chosen ? (
        <button type="button" className="studio-Link" onClick={() => props.choose(going.run)}>
          {trans.__('A run goes on: show it')}
        </button>
      ) : null}
      {record ? <Progress trans={trans} run={record} /> : null}
      <Told text={toldText(trans, props)} />
    </div>
  );
}

function Progress({ trans, run }: { trans: TranslationBundle; run: Run }): JSX.Element {
  const done = doneOf(run);
  return (
    <div
      className={`studio-RunBar-progress studio-mod-${run.status}`}
      role="progressbar"
      aria-label={trans.__('Steps done')}
      aria-valuemin={0}
      aria-valuemax={run.steps.length}
      aria-valuenow={done}
    >
      <div style={{ transform: `scaleX(${run.steps.length ? done / run.steps.length : 0})` }} />
    </div>
  );
}

/** Milliseconds between two sentences for those who hear the page. */
const BREATH = 2000;

/** Says what changed: not every cell, and not more than a person can hear. */
function Told({ text }: { text: string }): JSX.Element {
  const said = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const timer = window.setTimeout(() => {
      if (said.current) {
        said.current.textContent = text;
      }
    }, BREATH);
    return () => window.clearTimeout(timer);
  }, [text]);
  return <div className="studio-Spoken" role="status" aria-live="polite" ref={said} />;
}

function doneOf(run: Run): number {
  return (run.counts.completed ?? 0) + (run.counts.reused ?? 0);
}

/** What the bar says: how the shown run stands, or what a run would do. */
function barText(trans: TranslationBundle, props: IRunBarProps, now: number): string {
  const { shown, total } = props;
  const { run, going, chosen, pipeline } = shown;
  if (going?.stopping && !(going.run === run?.run && run.status !== 'running')) {
    return trans.__('Stopping…');
  }
  if (going && !going.begun) {
    return trans.__('Starting: the plan is made and checked…');
  }
  if (!chosen) {
    const counts = new Map<string, number>();
    for (const step of pipeline?.steps ?? []) {
      const word = !step.verdict
        ? ''
        : step.verdict.undecided
          ? 'undecided'
          : step.verdict.reuse
            ? 'would be reused'
            : 'would run';
      if (word) {
        counts.set(word, (counts.get(word) ?? 0) + 1);
      }
    }
    const plan = counts.size ? trans.__('A run now: %1.', countsText(trans, [...counts])) : '';
    return [total === 0 && pipeline ? trans.__('It has not run yet.') : '', plan]
      .filter(Boolean)
      .join(' ');
  }
  if (!run) {
    return '';
  }
  if (run.status === 'running') {
    // A run that is resumed has been started long ago.
    const time = lasting(elapsed(going?.activity.started ?? run.started, now), trans);
    const active = run.steps.filter(step => step.status === 'running');
    const running = active.map(step =>
      step.total ? trans.__('%1 at cell %2 of %3', step.key, step.done, step.total) : step.key
    );
    return [
      trans.__('%1 of %2 steps done', doneOf(run), run.steps.length),
      running.length > 2 ? trans.__('%1 running', running.length) : running.join(', '),
      time
    ]
      .filter(Boolean)
      .join(' · ');
  }
  return [
    statusWord(trans, run.status),
    endingsText(trans, run.counts),
    lasting(run.seconds, trans)
  ]
    .filter(Boolean)
    .join(' · ');
}

/** What is heard: without seconds and cells. */
function toldText(trans: TranslationBundle, props: IRunBarProps): string {
  const { run, going, chosen, pipeline } = props.shown;
  if (going && !going.begun) {
    return trans.__('%1 starts', pipeline?.name ?? '');
  }
  if (!chosen || !run) {
    return '';
  }
  const steps = trans.__('%1 of %2 steps done', doneOf(run), run.steps.length);
  const failed = run.steps.find(step => step.status === 'failed');
  return [
    trans.__('Run %1', statusWord(trans, run.status)),
    steps,
    failed ? trans.__('%1 failed', failed.key) : ''
  ]
    .filter(Boolean)
    .join(', ');
}
