/**
 * One submission under review: its head, what changed and the evidence in tabs, and the decision below.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IStudio } from '../tokens';
import { Busy, Empty, Fault, type IAsking, useAsking } from '../ui';
import { Changes } from './changes';
import { CommentList, Reason, Say } from './comments';
import { Decision } from './decision';
import type { IDifferenceView } from './diffing';
import { Checks, Contracts, failedCases, Figures, Measures, Tests } from './evidence';
import type { IDecided, IDoors, INotebookDifference, IReview, IReviews, Verb } from './facts';
import { Head } from './header';
import { type ITab, Tabs } from './tabs';

export interface IReviewProps {
  /** An identifier, or a subject for its latest submission. */
  submission: string;
  reviews: IReviews;
  doors: IDoors;
  trans: TranslationBundle;
  /** Loads what shows a difference; apart from the rest, because it is large. */
  view: (difference: INotebookDifference) => Promise<IDifferenceView>;
  /** Told whenever the review was read. */
  read?: (review: IReview) => void;
  /** Told when something was said or decided. */
  changed?: () => void;
  /** Read anew with all other panels. */
  studio?: IStudio;
  /** False while it is behind others: then it is read anew when it comes to the front. */
  visible?: boolean;
}

export function ReviewView(props: IReviewProps): JSX.Element {
  const { submission, reviews, trans } = props;
  const asked = useAsking(
    async () => {
      const review = await reviews.review(submission);
      props.read?.(review);
      return review;
    },
    { key: submission, studio: props.studio, visible: props.visible }
  );
  if (!asked.value) {
    return asked.fault ? (
      <Fault fault={asked.fault} trans={trans} again={asked.again} />
    ) : (
      <Busy text={trans.__('Reading the submission …')} />
    );
  }
  return <Loaded {...props} asked={asked} review={asked.value} />;
}

interface ILoadedProps extends IReviewProps {
  asked: IAsking<IReview>;
  review: IReview;
}

function Loaded(props: ILoadedProps): JSX.Element {
  const { asked, review, reviews, trans, doors } = props;
  const [chosen, choose] = React.useState('changes');
  const [wanted, setWanted] = React.useState<{ cell: number; turn: number } | null>(null);
  const id = React.useId().replace(/\W/g, '');

  const showCell = (cell: number): void => {
    choose('changes');
    setWanted(old => ({ cell, turn: (old?.turn ?? 0) + 1 }));
  };
  const say = async (text: string, cell: number | null): Promise<void> => {
    await reviews.comment(review.submission, text, cell);
    asked.again();
    props.changed?.();
  };
  const load = async (): Promise<{ view: IDifferenceView; labels: [string, string] }> => {
    const difference = await reviews.difference(review.submission);
    const view = await props.view(difference);
    return { view, labels: [difference.base_label, difference.remote_label] };
  };
  const decide = async (verb: Verb, message: string): Promise<IDecided> => {
    const decided = await reviews.decide(review.submission, verb, message);
    asked.again();
    props.changed?.();
    return decided;
  };

  const evidence = { review, trans, showCell };
  const failed = failedCases(review.cases).length;
  const tabs: ITab[] = [
    {
      id: 'changes',
      label: trans.__('Changes'),
      show: () => <Changes review={review} trans={trans} load={load} say={say} wanted={wanted} />
    },
    {
      id: 'tests',
      label: trans.__('Tests'),
      count: failed || review.cases.length,
      alarm: failed ? trans.__('failed') : undefined,
      show: () => <Tests {...evidence} />
    },
    {
      id: 'measures',
      label: trans.__('Measures'),
      count: review.metrics.length,
      show: () => <Measures {...evidence} />
    },
    {
      id: 'contracts',
      label: trans.__('Contracts'),
      count: review.contracts.length,
      show: () => <Contracts {...evidence} />
    },
    {
      id: 'figures',
      label: trans.__('Figures'),
      count: review.figures.length,
      show: () => <Figures {...evidence} />
    },
    {
      id: 'checks',
      label: trans.__('Checks'),
      count: review.findings.length,
      show: () => <Checks {...evidence} />
    },
    {
      id: 'conversation',
      label: trans.__('Conversation'),
      count: review.comments.length,
      show: () => (
        <div className="studio-Review-evidence">
          {review.comments.length ? null : (
            <Empty title={trans.__('Nobody has said anything yet.')} />
          )}
          <CommentList comments={review.comments} trans={trans} showCell={showCell} />
          {review.comment.allowed ? (
            <Say
              label={trans.__('A comment on the whole')}
              trans={trans}
              say={text => say(text, null)}
            />
          ) : (
            <Reason permission={review.comment} trans={trans} />
          )}
        </div>
      )
    }
  ];

  return (
    <div className="studio-Review-frame">
      <div className="studio-Review-scroll">
        <Head
          review={review}
          trans={trans}
          doors={doors}
          waiting={asked.busy}
          again={asked.again}
        />
        <Fault fault={asked.fault} trans={trans} />
        <Tabs
          label={trans.__('Parts of the review')}
          tabs={tabs}
          chosen={chosen}
          choose={choose}
          prefix={id}
        />
      </div>
      <Decision review={review} trans={trans} decide={decide} />
    </div>
  );
}
