/**
 * The head of a review: who submits what and why, compared with what, and whether it still is what lies here.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { StatusBadge, type Tone } from '../ui';
import type { IDoors, IReview } from './facts';
import { When } from './when';

interface IHeadProps {
  review: IReview;
  trans: TranslationBundle;
  doors: IDoors;
  waiting: boolean;
  again: () => void;
}

export function Head({ review, trans, doors, waiting, again }: IHeadProps): JSX.Element {
  return (
    <header className="studio-Review-head">
      <div className="studio-Review-titleRow">
        <h2>{review.title || review.subject}</h2>
        <StatusMark status={review.status} trans={trans} />
        <span className="studio-Review-doors">
          {review.notebook !== null ? (
            <button
              type="button"
              className="studio-Link"
              onClick={() => doors.notebook(review.notebook!)}
            >
              {trans.__('Open the file')}
            </button>
          ) : null}
          {review.run && doors.run ? (
            <button type="button" className="studio-Link" onClick={() => doors.run!(review.run)}>
              {trans.__('Open the run')}
            </button>
          ) : null}
          <button type="button" className="studio-Link" onClick={() => doors.page(review)}>
            {trans.__('Whole packet')}
          </button>
          <button type="button" className="studio-Link" aria-busy={waiting} onClick={again}>
            {trans.__('Refresh')}
          </button>
        </span>
      </div>
      <p className="studio-Review-by">
        <strong>{review.author}</strong> · <When time={review.time} trans={trans} /> ·{' '}
        {review.subject}
        {review.commit ? (
          <>
            {' · '}
            <code title={review.commit}>{review.commit.slice(0, 8)}</code>
          </>
        ) : null}
      </p>
      {review.message ? <blockquote>{review.message}</blockquote> : null}
      {review.current ? null : (
        <p className="studio-Review-notice">
          {trans.__(
            'The content in this workspace is no longer what was submitted. What you see here is what was submitted.'
          )}
        </p>
      )}
      <dl>
        <Fact name={trans.__('Compared with')} text={review.base} />
        <Fact
          name={trans.__('Evidence')}
          text={
            review.run
              ? review.sampled
                ? trans.__('run %1, on samples', review.run)
                : trans.__('run %1', review.run)
              : trans.__('no run of this content')
          }
        />
        <Fact name={trans.__('Policy')} text={review.policy} />
      </dl>
    </header>
  );
}

function Fact(props: { name: string; text: string }): JSX.Element | null {
  return props.text ? (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.text}</dd>
    </div>
  ) : null;
}

/** The status of a submission. */
export function StatusMark(props: { status: string; trans: TranslationBundle }): JSX.Element {
  const { status, trans } = props;
  const own: { [status: string]: [text: string, tone: Tone] } = {
    'tests failed': [trans.__('tests failed'), 'bad'],
    replaced: [trans.__('replaced by a newer one'), 'plain']
  };
  const [text, tone] = own[status] ?? [];
  return <StatusBadge status={status} trans={trans} text={text} tone={tone} />;
}
