/**
 * An error as a person may read it: the fact, the next step, the number for the operator; no stack.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { StudioFault } from '../fault';

export interface IFaultProps {
  fault: unknown;
  trans: TranslationBundle;
  /** Adds a button that tries again. */
  again?: () => void;
  /** Stands above: what could not be done. */
  title?: string;
}

/** The fault; nothing where there is none. */
export function Fault(props: IFaultProps): JSX.Element | null {
  const { trans, again, title } = props;
  if (props.fault === null || props.fault === undefined || props.fault === '') {
    return null;
  }
  const fault = StudioFault.of(props.fault);
  return (
    <div className="studio-Fault" role="alert">
      {title ? <p className="studio-Fault-title">{title}</p> : null}
      <p className="studio-Fault-message">{fault.message}</p>
      {fault.problems.length > 0 ? (
        <ul className="studio-Fault-problems">
          {fault.problems.map((problem, index) => (
            <li key={index}>
              {placeOf(problem) ? <strong>{placeOf(problem)}: </strong> : null}
              {problem.message}
            </li>
          ))}
        </ul>
      ) : null}
      {fault.next ? <p className="studio-Fault-next">{trans.__('Next: %1', fault.next)}</p> : null}
      {fault.number ? (
        <p className="studio-Fault-number">{trans.__('Error number %1', fault.number)}</p>
      ) : null}
      {again ? (
        <button type="button" className="studio-Button" onClick={again}>
          {trans.__('Try again')}
        </button>
      ) : null}
    </div>
  );
}

function placeOf(problem: StudioFault['problems'][number]): string {
  const line = problem.line > 0 ? `:${problem.line}` : '';
  return [`${problem.path}${line}`, problem.field].filter(part => part !== '').join(', ');
}
