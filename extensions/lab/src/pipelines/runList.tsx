/**
 * The runs of a pipeline beside its graph: choosing one shows its states; two of them can be compared.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Row } from '../api';
import { ago, exactly, Fault, lasting, VirtualList } from '../ui';
import { StatusMark } from './mark';
import type { RunPages } from './pages';
import { useChanging } from './snapshot';
import { statusWord } from './words';

const ROW = 50;

export interface IRunListProps {
  trans: TranslationBundle;
  runs: RunPages;
  /** The run that is shown; empty: what a run would do. */
  chosen: string;
  choose: (run: string) => void;
  compare: (one: string, other: string) => void;
}

/** The list. */
export const RunList = React.memo(function RunList(props: IRunListProps): JSX.Element {
  const { trans, runs, chosen, choose } = props;
  const state = useChanging(runs, () => runs.state);
  const marked = useMarked();
  return (
    <nav className="studio-RunList" aria-label={trans.__('Runs')}>
      <button
        type="button"
        className={`studio-RunList-plan ${chosen === '' ? 'studio-mod-selected' : ''}`}
        aria-current={chosen === '' ? 'true' : undefined}
        onClick={() => choose('')}
      >
        {trans.__('What a run would do now')}
      </button>
      <Fault fault={state.error || null} trans={trans} again={() => void runs.refresh()} />
      {state.rows.length ? (
        <>
          <div className="studio-RunList-rows">
            <VirtualList
              label={trans.__('Runs, newest first')}
              items={state.rows}
              rowHeight={ROW}
              keyOf={row => row.run}
              more={state.more}
              loadMore={() => void runs.more()}
              loading={trans.__('Older runs are loaded…')}
              render={row => (
                <RunRow
                  trans={trans}
                  row={row}
                  chosen={row.run === chosen}
                  choose={choose}
                  marked={marked.has(row.run)}
                  mark={marked.toggle}
                />
              )}
            />
          </div>
          <CompareBar trans={trans} marked={marked} total={state.total} compare={props.compare} />
        </>
      ) : !state.known ? null : (
        <p className="studio-RunList-none">{trans.__('No run yet.')}</p>
      )}
    </nav>
  );
});

interface IRunRowProps {
  trans: TranslationBundle;
  row: Row;
  chosen: boolean;
  choose: (run: string) => void;
  marked: boolean;
  mark: (run: string) => void;
}

function RunRow({ trans, row, chosen, choose, marked, mark }: IRunRowProps): JSX.Element {
  const word = row.problem ? trans.__('cannot be read') : statusWord(trans, row.status);
  return (
    <div className={`studio-RunRow ${chosen ? 'studio-mod-selected' : ''}`}>
      <button
        type="button"
        className="studio-RunRow-main"
        aria-current={chosen ? 'true' : undefined}
        title={row.problem || `${row.run}\n${exactly(row.started, trans)}`}
        disabled={row.problem !== ''}
        onClick={() => choose(row.run)}
      >
        <StatusMark status={row.problem ? 'failed' : row.status} />
        <span className="studio-RunRow-texts">
          <span className="studio-RunRow-first">
            {[word, lasting(row.seconds, trans)].filter(Boolean).join(' · ')}
          </span>
          <span className="studio-RunRow-second">
            {[
              ago(row.started, trans) || row.run,
              row.environment === 'dev' ? '' : row.environment,
              row.actor
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </span>
      </button>
      <input
        type="checkbox"
        checked={marked}
        disabled={row.problem !== ''}
        aria-label={trans.__('Compare run %1', row.run)}
        title={trans.__('Compare')}
        onChange={() => mark(row.run)}
      />
    </div>
  );
}

export interface IMarked {
  runs: readonly string[];
  has: (run: string) => boolean;
  toggle: (run: string) => void;
  clear: () => void;
}

/** The runs that are to be compared: the latest two that were marked. */
export function useMarked(): IMarked {
  const [runs, setRuns] = React.useState<readonly string[]>([]);
  return {
    runs,
    has: run => runs.includes(run),
    toggle: run =>
      setRuns(old =>
        old.includes(run) ? old.filter(one => one !== run) : [...old, run].slice(-2)
      ),
    clear: () => setRuns([])
  };
}

/** The foot of a list of runs: how many there are, and comparing two of them. */
export function CompareBar(props: {
  trans: TranslationBundle;
  marked: IMarked;
  total: number;
  compare: (one: string, other: string) => void;
}): JSX.Element {
  const { trans, marked, total } = props;
  const [one, other] = marked.runs;
  return (
    <div className="studio-CompareBar">
      <span>
        {marked.runs.length === 1
          ? trans.__('Mark another one to compare')
          : trans._n('%1 run', '%1 runs', total)}
      </span>
      {other ? (
        <button type="button" className="studio-Button" onClick={() => props.compare(one, other)}>
          {trans.__('Compare')}
        </button>
      ) : null}
    </div>
  );
}
