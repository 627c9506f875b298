/**
 * One run as a whole: by whom, where, with what; and the gates that were judged at its end.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Run } from '../api';
import { exactly, lasting, StatusBadge } from '../ui';
import type { IActions } from './actions';
import { Facts, ValueTable } from './facts';
import { endingsText, statusWord } from './words';

export interface IRunFactsProps {
  trans: TranslationBundle;
  actions: IActions;
  run: Run;
  close: () => void;
}

/** The facts. */
export function RunFacts({ trans, actions, run, close }: IRunFactsProps): JSX.Element {
  const { mlflow } = run;
  return (
    <section className="studio-RunFacts" aria-label={trans.__('Run %1', run.run)}>
      <header className="studio-Beside-head">
        <h3>{trans.__('Run %1', run.run)}</h3>
        <button
          type="button"
          className="studio-Beside-close"
          aria-label={trans.__('Close')}
          title={trans.__('Close (Escape)')}
          onClick={close}
        />
      </header>
      <div className="studio-Beside-body">
        <div className="studio-StepDetails-state">
          <StatusBadge status={run.status} text={statusWord(trans, run.status)} trans={trans} />
        </div>
        {mlflow ? (
          <div className="studio-StepDetails-buttons">
            <button
              type="button"
              className="studio-Button"
              onClick={() => actions.openMlflow(mlflow)}
            >
              {trans.__('MLflow run')}
            </button>
          </div>
        ) : null}
        <Facts
          facts={[
            [trans.__('Steps'), endingsText(trans, run.counts)],
            [trans.__('Environment'), run.environment],
            [trans.__('Started by'), run.actor],
            [trans.__('Started'), exactly(run.started, trans)],
            [trans.__('Ended'), exactly(run.ended, trans)],
            [trans.__('Took'), lasting(run.seconds, trans)]
          ]}
        />
        <ValueTable title={trans.__('Given')} values={run.given} />
        <Gates trans={trans} gates={run.gates} />
      </div>
    </section>
  );
}

function Gates(props: { trans: TranslationBundle; gates: Run['gates'] }): JSX.Element | null {
  const { trans, gates } = props;
  if (!gates.length) {
    return null;
  }
  return (
    <section className="studio-Values">
      <h4>{trans.__('Gates')}</h4>
      <ul className="studio-Gates">
        {gates.map((gate, index) => (
          <li key={index}>
            <StatusBadge status={String(gate.status)} trans={trans} />
            <span>
              {String(gate.name)}
              {gate.message ? (
                <span className="studio-Gates-message">{String(gate.message)}</span>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
