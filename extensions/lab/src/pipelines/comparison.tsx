/**
 * Two runs side by side: what they were given, what they measured, how their steps ended.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JsonValue, Run } from '../api';
import type { IStudioClient } from '../tokens';
import { ago, Busy, Empty, Fault, lasting, useAsking } from '../ui';
import { compareRuns, type ICompared } from './comparing';
import { StatusMark } from './mark';
import { numberText, statusWord, valueText } from './words';

export interface IComparisonProps {
  trans: TranslationBundle;
  client: Pick<IStudioClient, 'get'>;
  left: string;
  right: string;
  close: () => void;
}

/** The comparison of two runs. */
export function Comparison(props: IComparisonProps): JSX.Element {
  const { trans, client, left, right } = props;
  const [all, setAll] = React.useState(false);
  const runs = useAsking(
    signal =>
      Promise.all([
        client.get('runs/run', { run: left }, signal),
        client.get('runs/run', { run: right }, signal)
      ]),
    { key: `${left} ${right}` }
  );
  return (
    <section className="studio-Comparison" aria-label={trans.__('Comparison of two runs')}>
      <header className="studio-Beside-head">
        <h3>{trans.__('Two runs side by side')}</h3>
        <label>
          <input type="checkbox" checked={all} onChange={event => setAll(event.target.checked)} />
          {trans.__('Also what is alike')}
        </label>
        <button
          type="button"
          className="studio-Beside-close"
          aria-label={trans.__('Close')}
          title={trans.__('Close')}
          onClick={props.close}
        />
      </header>
      <Fault fault={runs.fault} trans={trans} again={runs.again} />
      {runs.value ? (
        <Compared trans={trans} left={runs.value[0]} right={runs.value[1]} all={all} />
      ) : runs.fault ? null : (
        <Busy text={trans.__('Both records are read…')} />
      )}
    </section>
  );
}

function Compared(props: {
  trans: TranslationBundle;
  left: Run;
  right: Run;
  all: boolean;
}): JSX.Element {
  const { trans, left, right, all } = props;
  const lines = React.useMemo(() => compareRuns(left, right), [left, right]);
  const shown = lines.filter(line => all || line.differs);
  const steps = [...new Set(shown.map(line => line.step))];
  if (!shown.length) {
    return (
      <Empty
        title={trans.__('Both runs were given the same, ended alike and measured the same.')}
      />
    );
  }
  return (
    <div
      className="studio-Comparison-body"
      tabIndex={0}
      role="group"
      aria-label={trans.__('Differences')}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">{trans.__('What')}</th>
            <Head trans={trans} run={left} />
            <Head trans={trans} run={right} />
            <th scope="col" className="studio-mod-number">
              {trans.__('Change')}
            </th>
          </tr>
        </thead>
        {steps.map(step => (
          <tbody key={step}>
            <tr>
              <th scope="rowgroup" colSpan={4} className="studio-Comparison-step">
                {step}
              </th>
            </tr>
            {shown
              .filter(line => line.step === step)
              .map(line => (
                <Line key={`${line.kind} ${line.name}`} trans={trans} line={line} />
              ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function Head({ trans, run }: { trans: TranslationBundle; run: Run }): JSX.Element {
  return (
    <th scope="col">
      <span className="studio-Comparison-run">
        <StatusMark status={run.status} />
        {run.run}
      </span>
      <span className="studio-Comparison-when">
        {[run.pipeline, statusWord(trans, run.status), ago(run.started, trans)]
          .filter(Boolean)
          .join(' · ')}
      </span>
    </th>
  );
}

function Line({ trans, line }: { trans: TranslationBundle; line: ICompared }): JSX.Element {
  const kinds = {
    status: trans.__('Status'),
    seconds: trans.__('Time'),
    value: trans.__('parameter'),
    measure: trans.__('measure')
  };
  const number = typeof line.left === 'number' || typeof line.right === 'number';
  return (
    <tr className={line.differs ? 'studio-mod-differs' : ''}>
      <th scope="row">
        {line.name ? (
          <>
            {line.name} <span className="studio-Comparison-kind">{kinds[line.kind]}</span>
          </>
        ) : (
          kinds[line.kind]
        )}
      </th>
      {[line.left, line.right].map((value, index) => (
        <td key={index} className={number ? 'studio-mod-number' : ''}>
          {cellText(trans, line, value)}
        </td>
      ))}
      <td className="studio-mod-number">{changeText(trans, line)}</td>
    </tr>
  );
}

function cellText(trans: TranslationBundle, line: ICompared, value: JsonValue | undefined): string {
  if (value === undefined) {
    return '–';
  }
  if (line.kind === 'status') {
    return statusWord(trans, String(value));
  }
  return line.kind === 'seconds' ? lasting(value as number, trans) : valueText(value);
}

/** How far the right one is from the left one, also in parts of the left one. */
function changeText(trans: TranslationBundle, line: ICompared): string {
  const { change, left } = line;
  if (change === null || change === 0) {
    return '';
  }
  const sign = change > 0 ? '+' : '−';
  const size = Math.abs(change);
  const part =
    typeof left === 'number' && left !== 0
      ? ` (${sign}${((100 * size) / Math.abs(left)).toFixed(1)} %)`
      : '';
  return `${sign}${line.kind === 'seconds' ? lasting(size, trans) : numberText(size)}${part}`;
}
