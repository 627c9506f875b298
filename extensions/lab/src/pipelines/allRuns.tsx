/**
 * The runs of all pipelines, or of one: as many as there are, of which only what is in sight is loaded.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Row } from '../api';
import { pipelineOf } from '../commands';
import type { IStudio } from '../tokens';
import { ago, Empty, exactly, Fault, lasting, useAsking, VirtualList } from '../ui';
import type { IActions } from './actions';
import { Comparison } from './comparison';
import { StatusMark } from './mark';
import { RunPages } from './pages';
import { CompareBar, useMarked, type IMarked } from './runList';
import { useChanging } from './snapshot';
import { endingsText, statusWord } from './words';

const ROW = 34;
/** Milliseconds between two looks at whether runs came from elsewhere. */
const INTERVAL = 10_000;

export interface IAllRunsProps {
  trans: TranslationBundle;
  studio: Pick<IStudio, 'client' | 'refreshed'>;
  actions: Pick<IActions, 'openPipeline'>;
  /** Only this pipeline's; empty: all. */
  pipeline: string;
  choosePipeline: (pipeline: string) => void;
  visible: boolean;
}

/** The table of runs, and the comparison of two of them. */
export function AllRuns(props: IAllRunsProps): JSX.Element {
  const { trans, studio, pipeline, visible } = props;
  const runs = usePages(studio, pipeline, visible);
  const state = useChanging(runs, () => runs.state);
  const marked = useMarked();
  const [compared, setCompared] = React.useState<[string, string] | null>(null);
  return (
    <div className="studio-AllRuns">
      <header className="studio-PipelineHeader">
        <div className="studio-PipelineHeader-title">
          <h2>{trans.__('Runs')}</h2>
        </div>
        <PipelineChoice {...props} />
      </header>
      <Fault fault={state.error || null} trans={trans} again={() => void runs.refresh()} />
      {state.rows.length ? (
        <div className="studio-AllRuns-body">
          <RunTable trans={trans} runs={runs} marked={marked} actions={props.actions} />
          <CompareBar
            trans={trans}
            marked={marked}
            total={state.total}
            compare={(one, other) => setCompared(one < other ? [one, other] : [other, one])}
          />
          {compared ? (
            <Comparison
              trans={trans}
              client={studio.client}
              left={compared[0]}
              right={compared[1]}
              close={() => setCompared(null)}
            />
          ) : null}
        </div>
      ) : !state.known || state.error ? null : (
        <Empty title={trans.__('No run yet.')}>
          <p>{trans.__('Open a pipeline and run it.')}</p>
        </Empty>
      )}
    </div>
  );
}

function RunTable(props: {
  trans: TranslationBundle;
  runs: RunPages;
  marked: IMarked;
  actions: Pick<IActions, 'openPipeline'>;
}): JSX.Element {
  const { trans, runs, marked, actions } = props;
  const { rows, more } = useChanging(runs, () => runs.state);
  return (
    <>
      <div className="studio-RunTable-head" aria-hidden="true">
        <span />
        <span>{trans.__('Pipeline')}</span>
        <span>{trans.__('Status')}</span>
        <span>{trans.__('Started')}</span>
        <span>{trans.__('Took')}</span>
        <span>{trans.__('Steps')}</span>
        <span>{trans.__('Environment')}</span>
        <span>{trans.__('Run')}</span>
      </div>
      <div className="studio-RunTable-rows">
        <VirtualList
          label={trans.__('Runs, newest first')}
          items={rows}
          rowHeight={ROW}
          keyOf={row => row.run}
          more={more}
          loadMore={() => void runs.more()}
          loading={trans.__('Older runs are loaded…')}
          render={row => (
            <TableRow
              trans={trans}
              row={row}
              marked={marked.has(row.run)}
              mark={marked.toggle}
              open={() => actions.openPipeline(pipelineOf(row), row.run)}
            />
          )}
        />
      </div>
    </>
  );
}

function TableRow(props: {
  trans: TranslationBundle;
  row: Row;
  marked: boolean;
  mark: (run: string) => void;
  open: () => void;
}): JSX.Element {
  const { trans, row, marked, mark, open } = props;
  return (
    <div className="studio-RunTable-row">
      <input
        type="checkbox"
        checked={marked}
        disabled={row.problem !== ''}
        aria-label={trans.__('Compare run %1', row.run)}
        onChange={() => mark(row.run)}
      />
      <button
        type="button"
        disabled={row.problem !== ''}
        title={row.problem || undefined}
        onClick={open}
      >
        <span className="studio-RunTable-name">{row.pipeline || row.name}</span>
        <span className="studio-RunTable-status">
          <StatusMark status={row.problem ? 'failed' : row.status} />
          {row.problem ? trans.__('cannot be read') : statusWord(trans, row.status)}
        </span>
        <span title={exactly(row.started, trans)}>{ago(row.started, trans)}</span>
        <span className="studio-mod-number">{lasting(row.seconds, trans)}</span>
        <span>{row.problem || endingsText(trans, row.counts)}</span>
        <span>{[row.environment, row.actor].filter(Boolean).join(' · ')}</span>
        <span className="studio-RunTable-id">{row.run}</span>
      </button>
    </div>
  );
}

function PipelineChoice(props: IAllRunsProps): JSX.Element {
  const { trans, studio, pipeline, choosePipeline, visible } = props;
  const pipelines = useAsking(signal => studio.client.get('pipelines', null, signal), { visible });
  const names = pipelines.value?.pipelines.map(one => one.name) ?? [];
  const listed = pipeline && !names.includes(pipeline) ? [pipeline, ...names] : names;
  return (
    <label className="studio-AllRuns-choice">
      {trans.__('Pipeline')}
      <select
        className="studio-Input"
        value={pipeline}
        onChange={event => choosePipeline(event.target.value)}
      >
        <option value="">{trans.__('all')}</option>
        {listed.map(name => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The pages of one list, looked at anew while somebody sees it. */
function usePages(studio: IAllRunsProps['studio'], pipeline: string, visible: boolean): RunPages {
  const runs = React.useMemo(
    () => new RunPages(studio.client, pipeline),
    [studio.client, pipeline]
  );
  React.useEffect(() => {
    if (!visible) {
      return;
    }
    const look = (): void => void runs.refresh();
    look();
    const timer = window.setInterval(() => document.hidden || look(), INTERVAL);
    studio.refreshed.connect(look);
    return () => {
      window.clearInterval(timer);
      studio.refreshed.disconnect(look);
    };
  }, [runs, visible, studio]);
  return runs;
}
