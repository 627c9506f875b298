/**
 * What keeps a pipeline from being run, place by place; each leads to its file.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Pipeline, Wrong } from '../api';
import type { IActions } from './actions';

export interface IBrokenProps {
  trans: TranslationBundle;
  pipeline: Pipeline;
  actions: IActions;
  again: () => void;
}

/** The problems. */
export function Broken({ trans, pipeline, actions, again }: IBrokenProps): JSX.Element {
  return (
    <div className="studio-Fault" role="alert">
      <p className="studio-Fault-title">
        {trans.__('The pipeline cannot be run as it is. Mend this, then look again:')}
      </p>
      {pipeline.problems.length ? (
        <ul className="studio-Fault-problems">
          {pipeline.problems.map((problem, index) => (
            <li key={index}>
              <Place trans={trans} problem={problem} actions={actions} />
              {problem.message}
            </li>
          ))}
        </ul>
      ) : (
        <p className="studio-Fault-message">{pipeline.problem}</p>
      )}
      <button type="button" className="studio-Button" onClick={again}>
        {trans.__('Look again')}
      </button>
    </div>
  );
}

function Place(props: {
  trans: TranslationBundle;
  problem: Wrong;
  actions: IActions;
}): JSX.Element | null {
  const { trans, problem, actions } = props;
  const { path, line, field } = problem;
  if (!path) {
    return field ? <strong>{`${field}: `}</strong> : null;
  }
  const text = [line ? `${path}:${line}` : path, field].filter(Boolean).join(', ');
  return (
    <>
      <button
        type="button"
        className="studio-Link"
        title={trans.__('Open %1', path)}
        onClick={() => actions.openFile(path)}
      >
        {text}
      </button>
      {': '}
    </>
  );
}
