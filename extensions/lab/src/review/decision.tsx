/**
 * The decision: what this person may do, to what the decision is bound, and what to do after it.
 *
 * Who may decide is the server's answer; here it is shown, and nothing is ruled.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Fault, useDoing } from '../ui';
import { Reason } from './comments';
import type { IDecided, IReview, Verb } from './facts';

/** `f1:` and twelve digits. */
const SHORT = 15;

interface IDecisionProps {
  review: IReview;
  trans: TranslationBundle;
  decide: (verb: Verb, message: string) => Promise<IDecided>;
}

export function Decision(props: IDecisionProps): JSX.Element {
  const { review, trans } = props;
  const [verb, setVerb] = React.useState<Verb | null>(null);
  const [decided, setDecided] = React.useState<IDecided | null>(null);
  const section = React.useRef<HTMLElement>(null);
  const last = React.useRef<Verb | null>(null);

  const choices: { verb: Verb; label: string; look: string }[] = [
    { verb: 'reject', label: trans.__('Reject …'), look: '' },
    { verb: 'approve', label: trans.__('Approve …'), look: 'studio-mod-main' }
  ];
  if (review.revoke.allowed) {
    choices.unshift({ verb: 'revoke', label: trans.__('Revoke …'), look: '' });
  }
  const closed = choices.filter(choice => !review[choice.verb].allowed).reverse();

  // Nobody wants to know who might reject what is approved.
  const told = review.status === 'approved' ? closed.slice(0, 1) : closed;

  const open = (chosen: Verb): void => {
    last.current = chosen;
    setDecided(null);
    setVerb(chosen);
  };

  // The keyboard goes back to where it came from, or on to what was decided.
  React.useEffect(() => {
    if (verb === null && last.current !== null) {
      const place = decided ? '.studio-Review-outcome' : `[data-verb="${last.current}"]`;
      section.current?.querySelector<HTMLElement>(place)?.focus();
    }
  }, [verb, decided]);

  return (
    <section ref={section} className="studio-Review-decision" aria-label={trans.__('Decision')}>
      {decided ? <Outcome decided={decided} trans={trans} /> : null}
      {verb ? (
        <Confirm
          key={verb}
          verb={verb}
          review={review}
          trans={trans}
          cancel={() => setVerb(null)}
          decide={async message => {
            const answer = await props.decide(verb, message);
            setVerb(null);
            setDecided(answer);
          }}
        />
      ) : (
        <div className="studio-Review-choices">
          <div className="studio-Review-reasons">
            {told.map((choice, at) =>
              // One reason for both is said once.
              at && review[choice.verb].reason === review[closed[0].verb].reason ? null : (
                <Reason key={choice.verb} permission={review[choice.verb]} trans={trans} />
              )
            )}
            {closed.length ? null : (
              <p className="studio-Review-reason studio-mod-quiet">{review.approve.reason}</p>
            )}
            {review.signature_needed && review.approve.allowed ? (
              <p className="studio-Review-reason">
                {trans.__('An approval of this content has to be signed with your SSH key.')}
              </p>
            ) : null}
          </div>
          <div className="studio-Review-buttons">
            {choices.map(choice => (
              <button
                key={choice.verb}
                type="button"
                className={`studio-Button ${choice.look}`}
                disabled={!review[choice.verb].allowed}
                title={review[choice.verb].allowed ? undefined : review[choice.verb].reason}
                data-verb={choice.verb}
                onClick={() => open(choice.verb)}
              >
                {choice.label}
              </button>
            ))}
          </div>
        </div>
      )}
    </section>
  );
}

/** What was decided, told at once, with what to do next. */
function Outcome(props: { decided: IDecided; trans: TranslationBundle }): JSX.Element {
  const { decided, trans } = props;
  const words: { [verb: string]: string } = {
    approve: trans.__('Approved: %1', decided.reason),
    approved: trans.__('Approved: %1', decided.reason),
    reject: trans.__('Rejected: %1', decided.reason),
    rejected: trans.__('Rejected: %1', decided.reason),
    revoke: trans.__('Revoked: %1', decided.reason),
    revoked: trans.__('Revoked: %1', decided.reason)
  };
  return (
    <div role="status" className="studio-Review-outcome" tabIndex={-1}>
      <p>{words[decided.verb] ?? decided.reason}</p>
      {decided.next ? <p>{trans.__('Next: %1', decided.next)}</p> : null}
    </div>
  );
}

interface IConfirmProps {
  verb: Verb;
  review: IReview;
  trans: TranslationBundle;
  cancel: () => void;
  decide: (message: string) => Promise<void>;
}

function Confirm(props: IConfirmProps): JSX.Element {
  const { verb, review, trans } = props;
  const [message, setMessage] = React.useState('');
  const doing = useDoing();
  const field = React.useRef<HTMLTextAreaElement>(null);
  const id = React.useId();
  const reasoned = verb !== 'approve';

  React.useEffect(() => field.current?.focus(), []);

  const send = async (): Promise<void> => {
    if (!reasoned || message.trim()) {
      await doing.run(() => props.decide(message));
    }
  };

  const texts = {
    approve: {
      title: trans.__('Approve %1?', review.subject),
      label: trans.__('Why (may stay empty)'),
      act: trans.__('Approve')
    },
    reject: {
      title: trans.__('Reject %1?', review.subject),
      label: trans.__('What has to be changed'),
      act: trans.__('Reject')
    },
    revoke: {
      title: trans.__('Revoke the approval of %1?', review.subject),
      label: trans.__('What is wrong with it'),
      act: trans.__('Revoke')
    }
  }[verb];

  return (
    <div
      role="dialog"
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-bound`}
      className="studio-Review-confirm"
    >
      <form
        onSubmit={event => {
          event.preventDefault();
          void send();
        }}
        onKeyDown={event => {
          if (event.key === 'Escape') {
            event.stopPropagation();
            props.cancel();
          } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            event.stopPropagation();
            void send();
          }
        }}
      >
        <h3 id={`${id}-title`}>{texts.title}</h3>
        <p id={`${id}-bound`}>
          <Bound verb={verb} review={review} trans={trans} />
        </p>
        <label htmlFor={`${id}-field`}>{texts.label}</label>
        <textarea
          id={`${id}-field`}
          ref={field}
          className="studio-Input studio-Review-field"
          rows={2}
          required={reasoned}
          value={message}
          onChange={event => setMessage(event.target.value)}
        />
        <Fault fault={doing.fault} trans={trans} />
        <div className="studio-Review-buttons">
          <button type="button" className="studio-Button" onClick={props.cancel}>
            {trans.__('Cancel')}
          </button>
          <button
            type="submit"
            className={`studio-Button ${reasoned ? 'studio-mod-danger' : 'studio-mod-main'}`}
            disabled={doing.busy || (reasoned && !message.trim())}
          >
            {texts.act}
          </button>
        </div>
      </form>
    </div>
  );
}

function Bound(props: { verb: Verb; review: IReview; trans: TranslationBundle }): JSX.Element {
  const { verb, review, trans } = props;
  if (verb === 'reject') {
    return <>{trans.__('This submission ends; its author can mend it and submit again.')}</>;
  }
  if (verb === 'revoke') {
    return <>{trans.__('From now on it runs nowhere that asks for an approval.')}</>;
  }
  return (
    <>
      {trans.__('The approval is bound to this content, fingerprint')}{' '}
      <code title={review.fingerprint}>{review.fingerprint.slice(0, SHORT)}</code>
      {trans.__(
        ', and not to the file: it ends when a cell that runs, a test, a parameter or a contract changes.'
      )}
      {review.signature_needed ? ' ' + trans.__('It is signed with your SSH key.') : ''}
    </>
  );
}
