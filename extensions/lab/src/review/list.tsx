/**
 * The submissions: what waits first, everything on demand; as many as there are, only those in sight are in the page.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IStudio } from '../tokens';
import { Busy, Empty, Fault, useAsking, VirtualList } from '../ui';
import type { IListed, IReviews } from './facts';
import { StatusMark } from './header';
import { When } from './when';

export interface IReviewListProps {
  reviews: IReviews;
  trans: TranslationBundle;
  open: (submission: string) => void;
  /** Read anew with all other panels. */
  studio?: IStudio;
  visible?: boolean;
}

const ROW = 64;

export function ReviewList(props: IReviewListProps): JSX.Element {
  const { reviews, trans, open } = props;
  const [everything, setEverything] = React.useState(false);
  const asked = useAsking(() => reviews.list(everything), {
    key: everything ? 'all' : 'waiting',
    studio: props.studio,
    visible: props.visible
  });
  const found = asked.value ?? [];
  return (
    <div className="studio-Reviews-frame">
      <header className="studio-Reviews-head">
        <h2>{everything ? trans.__('All submissions') : trans.__('Waiting for a decision')}</h2>
        <label>
          <input
            type="checkbox"
            checked={everything}
            onChange={event => setEverything(event.target.checked)}
          />{' '}
          {trans.__('Show all')}
        </label>
        <button type="button" className="studio-Link" onClick={asked.again}>
          {trans.__('Refresh')}
        </button>
      </header>
      <Fault fault={asked.fault} trans={trans} again={asked.again} />
      {found.length ? (
        <VirtualList
          label={trans.__('Submissions')}
          items={found}
          rowHeight={ROW}
          keyOf={(one: IListed) => one.submission}
          render={(one: IListed) => <Row one={one} trans={trans} open={open} />}
        />
      ) : asked.value ? (
        <Empty
          title={
            everything
              ? trans.__('Nothing was submitted yet.')
              : trans.__('Nothing waits for a decision.')
          }
        >
          {everything ? trans.__('A notebook is submitted with the button in its toolbar.') : null}
        </Empty>
      ) : asked.busy ? (
        <Busy text={trans.__('Reading the submissions …')} />
      ) : null}
    </div>
  );
}

function Row(props: {
  one: IListed;
  trans: TranslationBundle;
  open: (submission: string) => void;
}): JSX.Element {
  const { one, trans, open } = props;
  return (
    <button type="button" className="studio-Reviews-row" onClick={() => open(one.submission)}>
      <span className="studio-Reviews-subject">{one.subject}</span>
      <StatusMark status={one.status} trans={trans} />
      <span className="studio-Reviews-by">
        {one.author} · <When time={one.time} trans={trans} />
      </span>
      <span className="studio-Reviews-message">{one.message}</span>
    </button>
  );
}
