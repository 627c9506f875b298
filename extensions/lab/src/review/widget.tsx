/**
 * The widgets of this capability: one review in the main area, the list of reviews, and a packet's page in a frame.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { IFrame } from '@jupyterlab/ui-components';
import { type ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import { reviewIcon } from '../icons';
import { Panel } from '../ui';
import type { IReview } from './facts';
import { type IReviewListProps, ReviewList } from './list';
import { type IReviewProps, ReviewView } from './review';

/** One submission under review. */
export class ReviewPanel extends Panel {
  /** What was asked for: an identifier, or a subject. */
  readonly asked: string;
  private _review: IReview | null = null;
  private readonly _read = new Signal<this, IReview>(this);

  constructor(options: Omit<IReviewProps, 'read' | 'visible'>) {
    const { submission, trans } = options;
    super({
      id: `studio-review-${submission.replace(/\W+/g, '-')}`,
      title: trans.__('Review'),
      icon: reviewIcon,
      trans,
      label: true,
      content: visible => (
        <ReviewView {...options} visible={visible} read={review => this._tell(review, trans)} />
      )
    });
    this.asked = submission;
    this.addClass('studio-Review');
  }

  /** The submission's identifier, once it is known. */
  get submission(): string {
    return this._review?.submission ?? this.asked;
  }

  /** Emitted when the review was read. */
  get read(): ISignal<this, IReview> {
    return this._read;
  }

  private _tell(review: IReview, trans: TranslationBundle): void {
    this._review = review;
    this.title.label = trans.__('Review: %1', review.title || review.subject);
    this.title.caption = `${review.subject} (${review.submission})`;
    this._read.emit(review);
  }
}

/** All submissions: those that wait, or all. */
export class ReviewsPanel extends Panel {
  constructor(options: Omit<IReviewListProps, 'visible'>) {
    super({
      id: 'studio-reviews',
      title: options.trans.__('Reviews'),
      icon: reviewIcon,
      trans: options.trans,
      label: true,
      content: visible => <ReviewList {...options} visible={visible} />
    });
    this.addClass('studio-Reviews');
  }
}

/** The whole packet: a page that may do nothing, in a frame that lets it do nothing. */
export function packetFrame(address: string, review: IReview, trans: TranslationBundle): IFrame {
  const frame = new IFrame({ sandbox: [], referrerPolicy: 'no-referrer' });
  frame.id = packetId(review);
  frame.url = address;
  frame.addClass('studio-Review-packet');
  frame.title.label = trans.__('Packet: %1', review.title || review.subject);
  frame.title.icon = reviewIcon;
  frame.title.closable = true;
  frame.node.querySelector('iframe')!.title = frame.title.label;
  return frame;
}

export function packetId(review: IReview): string {
  return `studio-packet-${review.submission}`;
}
