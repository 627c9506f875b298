/**
 * Why a step failed: the cell, its error, and the way to mend it.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { StepError } from '../api';

export interface IFailureProps {
  trans: TranslationBundle;
  error: StepError;
  /** Open the notebook at the cell; null where Jupyter does not show it. */
  mend: (() => void) | null;
}

/** The failing cell. */
export function Failure({ trans, error, mend }: IFailureProps): JSX.Element {
  const said = error.message.includes(error.evalue) && error.message.includes(error.ename);
  return (
    <section className="studio-Failure" aria-label={trans.__('Why it failed')}>
      <p className="studio-Failure-message">{error.message}</p>
      {error.ename && !said ? (
        <p className="studio-Failure-error">
          <strong>{error.ename}</strong>
          {error.evalue ? `: ${error.evalue}` : ''}
        </p>
      ) : null}
      {error.source ? (
        <figure>
          <figcaption>
            {error.cell === null
              ? trans.__('The cell that failed')
              : trans.__('Cell %1, which failed', error.cell + 1)}
          </figcaption>
          <pre tabIndex={0}>{error.source}</pre>
        </figure>
      ) : null}
      {error.traceback.length ? (
        <details>
          <summary>{trans.__('Traceback')}</summary>
          <pre tabIndex={0}>{error.traceback.join('\n')}</pre>
        </details>
      ) : null}
      {mend ? (
        <button type="button" className="studio-Button studio-mod-main" onClick={mend}>
          {error.cell === null
            ? trans.__('Open the notebook to mend')
            : trans.__('Open the cell to mend')}
        </button>
      ) : null}
    </section>
  );
}
