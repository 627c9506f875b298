/**
 * The server's side of reviews, by the client that all capabilities share.
 */
import type { IStudioClient } from '../tokens';
import type { IReviews } from './facts';

export function reviewsOf(client: IStudioClient): IReviews {
  return {
    list: async everything => (await client.get('reviews', { everything })).submissions,
    review: submission => client.get('reviews/review', { submission }),
    difference: submission => client.get('reviews/difference', { submission }),
    comment: (submission, text, cell) => client.post('reviews/comment', { submission, text, cell }),
    decide: (submission, verb, message) =>
      client.post('reviews/decide', { submission, verb, message })
  };
}
