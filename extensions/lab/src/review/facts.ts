/**
 * What the panels of a review need, as interfaces: so that tests pass a fake.
 *
 * The shapes are the server's own models, generated from `studio/server/routes/reviews.py`; nothing is decided here.
 */
import type {
  Case,
  Comment,
  Contract,
  Decide,
  Decided,
  Figure,
  Listed,
  Metric,
  NotebookDifference,
  Permission,
  Review
} from '../api';

export type ICase = Case;
export type IComment = Comment;
export type IContract = Contract;
export type IDecided = Decided;
export type IFigure = Figure;
export type IListed = Listed;
export type IMetric = Metric;
export type INotebookDifference = NotebookDifference;
export type IPermission = Permission;
export type IReview = Review;
export type Verb = Decide['verb'];

/** The server's side of reviews. Each call fails with an error whose message is the server's sentence. */
export interface IReviews {
  /** Submissions, newest first: those that wait, or all. */
  list(everything: boolean): Promise<IListed[]>;
  /** One submission with its evidence: by its identifier, or the latest one of a subject. */
  review(submission: string): Promise<IReview>;
  /** The notebook before, and nbdime's difference to what was submitted. */
  difference(submission: string): Promise<INotebookDifference>;
  /** Say something about the whole (cell is null), or about a cell, numbered from 1. */
  comment(submission: string, text: string, cell: number | null): Promise<IComment>;
  /** Approve, reject or revoke. */
  decide(submission: string, verb: Verb, message: string): Promise<IDecided>;
}

/** What a review opens elsewhere in Lab; null where nothing can be opened. */
export interface IDoors {
  /** The file in its editor. */
  notebook(path: string): void;
  /** The run that is the evidence. */
  run: ((run: string) => void) | null;
  /** The whole packet as one page, which can do nothing. */
  page(review: IReview): void;
}
