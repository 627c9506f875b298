/**
 * One event in full.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Event, JsonValue } from '../api';
import { exactly } from '../ui';

export interface IDetailsProps {
  event: Event;
  trans: TranslationBundle;
  close: () => void;
}

/** All that the ledger holds of it. */
export function Details({ event, trans, close }: IDetailsProps): JSX.Element {
  const id = React.useId();
  const facts: [string, string][] = [
    [trans.__('When'), exactly(event.time, trans)],
    [trans.__('Who'), event.actor],
    [trans.__('Kind'), event.kind],
    [trans.__('Subject'), event.subject],
    [trans.__('Environment'), event.environment],
    ...Object.entries(event.details).map(([name, value]): [string, string] => [name, told(value)])
  ];
  return (
    <section className="studio-Ledger-details" aria-labelledby={id}>
      <div className="studio-Ledger-details-head">
        <h3 id={id}>{trans.__('Event %1', event.sequence)}</h3>
        <button type="button" className="studio-Link" onClick={close}>
          {trans.__('Close')}
        </button>
      </div>
      <p>{event.sentence}</p>
      <dl>
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <React.Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </React.Fragment>
          ))}
      </dl>
    </section>
  );
}

function told(value: JsonValue): string {
  if (value === null) {
    return '';
  }
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
}
