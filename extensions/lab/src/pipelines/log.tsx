/**
 * What a step printed, asked for when somebody wants to read it.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IStudioClient } from '../tokens';
import { Busy, Fault, useAsking } from '../ui';

export interface IStepLogProps {
  trans: TranslationBundle;
  client: Pick<IStudioClient, 'get'>;
  run: string;
  step: string;
  /** Another status is another log. */
  status: string;
}

/** The log, folded until it is asked for. */
export function StepLog(props: IStepLogProps): JSX.Element {
  const [open, setOpen] = React.useState(false);
  return (
    <details
      className="studio-StepLog"
      onToggle={event => setOpen((event.target as HTMLDetailsElement).open)}
    >
      <summary>{props.trans.__('Log')}</summary>
      {open ? <LogText {...props} /> : null}
    </details>
  );
}

function LogText({ trans, client, run, step, status }: IStepLogProps): JSX.Element {
  const log = useAsking(signal => client.get('runs/log', { run, step }, signal), {
    key: `${run} ${step} ${status}`
  });
  if (log.fault) {
    return <Fault fault={log.fault} trans={trans} again={log.again} />;
  }
  if (!log.value) {
    return <Busy text={trans.__('The log is read…')} />;
  }
  if (!log.value.text) {
    return <p className="studio-Beside-text">{trans.__('It printed nothing.')}</p>;
  }
  return (
    <>
      {log.value.cut ? (
        <p className="studio-Beside-text">
          {trans.__('It is long: this is a part of it. The executed notebook has the whole.')}
        </p>
      ) : null}
      <pre tabIndex={0} aria-label={trans.__('Log of %1', step)}>
        {log.value.text}
      </pre>
    </>
  );
}
