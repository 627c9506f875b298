/**
 * One step: how it stands and why, what it was given and measured, and what can be done with it.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Pipeline, Run, StartRun, Step, StepRun } from '../api';
import type { IStudioClient } from '../tokens';
import { exactly, Fault, lasting, StatusBadge, useDoing, wordOf } from '../ui';
import type { IActions } from './actions';
import { Facts, ValueTable } from './facts';
import { Failure } from './failure';
import type { IFoldedGraph } from './fold';
import { useNow } from './graph/context';
import { StepLog } from './log';
import { StatusMark } from './mark';
import { ABSENT, recorded, statesOfPlan, type IPartState } from './states';
import { elapsed, progressText, statusWord, timeText } from './words';

export interface IStepDetailsProps {
  trans: TranslationBundle;
  client: Pick<IStudioClient, 'get'>;
  actions: IActions;
  graph: IFoldedGraph;
  pipeline: Pipeline | null;
  /** The run that is shown; null: what a run would do. */
  run: Run | null;
  /** The step's name, or a part's key. */
  selected: string;
  busy: boolean;
  select: (step: string) => void;
  choose: (run: string) => void;
  start: (request: Omit<StartRun, 'name'>) => void;
  close: () => void;
}

/** What is known of one part, from the plan and from the run. */
interface IPart {
  key: string;
  name: string;
  part: string;
  state: IPartState;
  planned: Step | undefined;
  record: StepRun | undefined;
}

/** The details. */
export function StepDetails(props: IStepDetailsProps): JSX.Element {
  const { trans, selected } = props;
  const parts = partsOf(props);
  const part = parts.length === 1 ? parts[0] : undefined;
  return (
    <section className="studio-StepDetails" aria-label={trans.__('Step %1', selected)}>
      <header className="studio-Beside-head">
        <h3>{selected}</h3>
        <button
          type="button"
          className="studio-Beside-close"
          aria-label={trans.__('Close')}
          title={trans.__('Close (Escape)')}
          onClick={props.close}
        />
      </header>
      {part ? (
        <PartDetails key={part.key} {...props} part={part} />
      ) : parts.length ? (
        <Parts {...props} parts={parts} />
      ) : (
        <p className="studio-Beside-text">{trans.__('The pipeline has no such step any more.')}</p>
      )}
    </section>
  );
}

/** The parts of a fan-out, each of which can be looked at. */
function Parts(props: IStepDetailsProps & { parts: IPart[] }): JSX.Element {
  const { trans, parts } = props;
  const now = useNow(parts.some(part => part.state.status === 'running'));
  return (
    <>
      <p className="studio-Beside-text">
        {trans._n(
          '%1 part, each a run of the notebook:',
          '%1 parts, each a run of the notebook:',
          parts.length
        )}
      </p>
      <ul className="studio-Parts">
        {parts.map(part => (
          <li key={part.key}>
            <button type="button" onClick={() => props.select(part.key)}>
              <StatusMark status={part.state.status} />
              <span>{part.part || part.key}</span>
              <span className="studio-Parts-state">
                {[
                  statusWord(trans, part.state.status),
                  progressText(trans, part.state),
                  timeText(trans, part.state, now)
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function PartDetails(props: IStepDetailsProps & { part: IPart }): JSX.Element {
  const { trans, actions, part, run, pipeline } = props;
  const { planned, record, state } = part;
  const now = useNow(state.status === 'running');
  const notebook = record?.notebook ?? planned?.notebook ?? '';
  const path = record?.lab_path ?? planned?.lab_path ?? null;
  const error = record?.error ?? null;
  const approval = pipeline?.states[notebook] ?? '';
  const reusedFrom = record?.reused_from;
  return (
    <div className="studio-Beside-body">
      <div className="studio-StepDetails-state">
        <StatusBadge status={state.status} text={statusWord(trans, state.status)} trans={trans} />
        <span>
          {[progressText(trans, state), timeText(trans, state, now)].filter(Boolean).join(' · ')}
        </span>
      </div>
      {error ? (
        <Failure
          trans={trans}
          error={error}
          mend={path ? () => actions.openNotebook(path, error.cell_id || error.cell) : null}
        />
      ) : null}
      <StepButtons {...props} path={path} />
      <Facts
        facts={[
          [run ? trans.__('Why') : trans.__('Why it would'), state.reason],
          [
            trans.__('Results of'),
            reusedFrom ? (
              <button
                type="button"
                className="studio-Link"
                onClick={() => props.choose(reusedFrom)}
              >
                {reusedFrom}
              </button>
            ) : null
          ],
          [trans.__('Attempt'), state.attempt > 1 ? String(state.attempt) : ''],
          [trans.__('Started'), exactly(state.started, trans)],
          [
            trans.__('Took'),
            state.status === 'running'
              ? ''
              : lasting(record?.reused_from ? null : state.seconds, trans) ||
                (state.status === 'killed' ? lasting(elapsed(state.started, now), trans) : '')
          ],
          [trans.__('Notebook'), notebook],
          [
            trans.__('Approval'),
            approval ? (
              <StatusBadge status={approval} text={wordOf(approval, trans)} trans={trans} />
            ) : null
          ],
          [trans.__('Needs'), links(planned?.needs ?? [], props.select)],
          [trans.__('Loads'), (planned?.loads ?? []).join(', ')],
          [trans.__('Saves'), (planned?.saves ?? record?.outputs ?? []).join(', ')]
        ]}
      />
      <ValueTable title={trans.__('Measures')} values={record?.metrics} />
      <ValueTable title={trans.__('Parameters')} values={record?.values ?? planned?.values} />
      {run && record?.executed ? (
        <StepLog
          trans={trans}
          client={props.client}
          run={run.run}
          step={part.key}
          status={state.status}
        />
      ) : null}
    </div>
  );
}

function StepButtons(props: IStepDetailsProps & { part: IPart; path: string | null }): JSX.Element {
  const { trans, actions, part, run, path, busy } = props;
  const doing = useDoing();
  const executed = run && part.record?.executed ? run.run : null;
  const mlflow = part.record?.mlflow ?? null;
  // A run from here takes what the run that is shown was given: else more than asked for would run anew.
  const given = run
    ? { values: { ...run.given }, environment: run.environment }
    : { values: {}, environment: 'dev' };
  const told = Object.entries(run?.given ?? {}).map(([name, value]) => `${name} = ${value}`);
  const openExecuted = (): Promise<boolean> =>
    doing.run(async () => {
      const found = await props.client.get('runs/executed', {
        run: executed ?? '',
        step: part.key
      });
      actions.openNotebook(found.path, found.cell);
    });
  return (
    <>
      <div className="studio-StepDetails-buttons">
        {path ? (
          <button
            type="button"
            className="studio-Button"
            onClick={() => actions.openNotebook(path)}
          >
            {trans.__('Open notebook')}
          </button>
        ) : null}
        {executed ? (
          <button
            type="button"
            className="studio-Button"
            disabled={doing.busy}
            onClick={() => void openExecuted()}
          >
            {trans.__('Executed notebook')}
          </button>
        ) : null}
        {mlflow ? (
          <button
            type="button"
            className="studio-Button"
            onClick={() => actions.openMlflow(mlflow)}
          >
            {trans.__('MLflow run')}
          </button>
        ) : null}
        {part.planned ? (
          <>
            <button
              type="button"
              className="studio-Button"
              disabled={busy}
              title={trans.__('Run this step again, and all that follows from it')}
              onClick={() => props.start({ ...given, start: part.key })}
            >
              {trans.__('Run from here')}
            </button>
            <button
              type="button"
              className="studio-Button"
              disabled={busy}
              title={trans.__('Run this step alone, on the latest snapshots')}
              onClick={() => props.start({ ...given, only: part.key })}
            >
              {trans.__('Run only this')}
            </button>
          </>
        ) : null}
      </div>
      {told.length && part.planned ? (
        <p className="studio-StepDetails-given">
          {trans.__(
            'It would be run with the values of the run that is shown: %1',
            told.join(', ')
          )}
        </p>
      ) : null}
      <Fault fault={doing.fault} trans={trans} />
    </>
  );
}

function partsOf(props: IStepDetailsProps): IPart[] {
  const { graph, run, pipeline, selected } = props;
  const planned = graph.steps.flatMap(step => step.parts);
  const matches = (one: { key: string; name: string }): boolean =>
    one.key === selected || one.name === selected;
  const plans = new Map(planned.filter(matches).map(step => [step.key, step]));
  const records = new Map((run?.steps ?? []).filter(matches).map(step => [step.key, step]));
  const foreseen = statesOfPlan(graph, pipeline?.steps ?? []);
  return [...new Set([...plans.keys(), ...records.keys()])].map(key => {
    const plan = plans.get(key);
    const record = records.get(key);
    const one = (record ?? plan) as { name: string; part: string };
    return {
      key,
      name: one.name,
      part: one.part,
      planned: plan,
      record,
      state: record
        ? recorded(record)
        : run
          ? ABSENT
          : (foreseen.get(one.name)?.parts.get(key) ?? ABSENT)
    };
  });
}

function links(names: readonly string[], select: (step: string) => void): React.ReactNode {
  return names.length
    ? names.map((name, index) => (
        <React.Fragment key={name}>
          {index ? ', ' : ''}
          <button type="button" className="studio-Link" onClick={() => select(name)}>
            {name}
          </button>
        </React.Fragment>
      ))
    : null;
}
