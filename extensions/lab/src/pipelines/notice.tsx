/**
 * What the latest thing that was started had to say: a refusal with all its reasons, or a fault; each with its next step.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { StudioFault } from '../fault';

export interface INoticeProps {
  trans: TranslationBundle;
  fault: StudioFault;
  dismiss: () => void;
}

/** The notice, until somebody takes it away. */
export function Notice({ trans, fault, dismiss }: INoticeProps): JSX.Element {
  const { head, reasons } = reasonsOf(fault.message);
  const refused = fault.rule === 'refused' || fault.rule === 'RunRefused';
  return (
    <div className="studio-Notice studio-Fault" role="alert">
      <button
        type="button"
        className="studio-Beside-close"
        aria-label={trans.__('Take this notice away')}
        title={trans.__('Take this notice away')}
        onClick={dismiss}
      />
      {refused ? <p className="studio-Fault-title">{trans.__('The run was refused.')}</p> : null}
      <Said text={head} />
      {reasons.length ? (
        <ul className="studio-Fault-problems">
          {reasons.map(reason => (
            <li key={reason}>
              <Said text={reason} />
            </li>
          ))}
        </ul>
      ) : null}
      {fault.problems.length ? (
        <ul className="studio-Fault-problems">
          {fault.problems.map(problem => (
            <li key={`${problem.path} ${problem.line} ${problem.field} ${problem.message}`}>
              <Said text={[problem.field, problem.message].filter(Boolean).join(': ')} />
            </li>
          ))}
        </ul>
      ) : null}
      {fault.next ? <p className="studio-Notice-next">{trans.__('Next: %1', fault.next)}</p> : null}
      {fault.number ? (
        <p className="studio-Fault-number">{trans.__('Error number %1', fault.number)}</p>
      ) : null}
    </div>
  );
}

/** A sentence; its next step on a line of its own. */
function Said({ text }: { text: string }): JSX.Element {
  const [fact, ...next] = text.split(/(?=\bNext: )/);
  return (
    <>
      <p className="studio-Notice-fact">{fact.trim()}</p>
      {next.map(step => (
        <p key={step} className="studio-Notice-next">
          {step.trim()}
        </p>
      ))}
    </>
  );
}

/** A message taken apart: its first lines, and the reasons, which are indented by two; deeper lines belong to theirs. */
export function reasonsOf(message: string): { head: string; reasons: string[] } {
  const head: string[] = [];
  const reasons: string[] = [];
  for (const line of message.split('\n')) {
    if (/^ {2}\S/.test(line)) {
      reasons.push(line.trim());
    } else if (reasons.length) {
      reasons.push(`${reasons.pop()}\n${line.slice(4)}`);
    } else {
      head.push(line);
    }
  }
  return { head: head.join('\n'), reasons };
}
