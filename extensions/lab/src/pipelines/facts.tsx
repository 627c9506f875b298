/**
 * Names and values side by side, as details show them.
 */
import * as React from 'react';

import type { JsonValue } from '../api';
import { valueText } from './words';

/** Names with what belongs to them; a line without content is left out. */
export function Facts(props: {
  facts: readonly (readonly [string, React.ReactNode])[];
}): JSX.Element {
  const facts = props.facts.filter(([, content]) => content !== '' && content !== null);
  return (
    <dl className="studio-Facts">
      {facts.map(([name, content]) => (
        <React.Fragment key={name}>
          <dt>{name}</dt>
          <dd>{content}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}

/** A titled table of values or measures; nothing where there are none. */
export function ValueTable(props: {
  title: string;
  values: { [name: string]: JsonValue } | undefined;
}): JSX.Element | null {
  const entries = Object.entries(props.values ?? {});
  if (!entries.length) {
    return null;
  }
  return (
    <section className="studio-Values">
      <h4>{props.title}</h4>
      <table>
        <tbody>
          {entries.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className={typeof value === 'number' ? 'studio-mod-number' : ''}>
                {valueText(value)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
