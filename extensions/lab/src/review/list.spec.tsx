import { nullTranslator } from '@jupyterlab/translation';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import * as React from 'react';

import { StudioFault } from '../fault';
import { faultsOf } from '../testing/accessible';
import { FakeReviews } from '../testing/reviews';
import type { IListed } from './facts';
import { ReviewList } from './list';

const trans = nullTranslator.load('studio');

function listed(number: number, status = 'waiting'): IListed {
  return {
    submission: `s${number}`,
    subject: `notebooks/n${number}.ipynb`,
    author: 'anna',
    time: '2026-03-02T10:10:10Z',
    message: 'why',
    ok: true,
    status
  };
}

function open(listing: IListed[]) {
  const reviews = new FakeReviews();
  reviews.listed = listing;
  const opened = jest.fn();
  const view = render(<ReviewList reviews={reviews} trans={trans} open={opened} />);
  return { ...view, reviews, opened, user: userEvent.setup() };
}

describe('the list of reviews', () => {
  it('shows what waits, everything on demand, and opens one', async () => {
    const { user, opened, container } = open([
      listed(1),
      listed(2, 'approved'),
      listed(3, 'tests failed')
    ]);
    expect(await screen.findByText('notebooks/n1.ipynb')).toBeInTheDocument();
    expect(screen.queryByText('notebooks/n2.ipynb')).toBeNull();
    await user.click(screen.getByRole('checkbox', { name: 'Show all' }));
    expect(await screen.findByText('notebooks/n2.ipynb')).toBeInTheDocument();
    expect(screen.getByText('tests failed')).toBeInTheDocument();
    expect(await faultsOf(container)).toEqual([]);
    await user.click(screen.getByRole('button', { name: /n2/ }));
    expect(opened).toHaveBeenCalledWith('s2');
  });

  it('draws only what is in sight', async () => {
    const { container } = open(Array.from({ length: 10_000 }, (_, number) => listed(number)));
    await screen.findByText('notebooks/n0.ipynb');
    expect(container.querySelectorAll('.studio-Reviews-row').length).toBeLessThan(60);
  });

  it('says that nothing waits', async () => {
    const { user } = open([]);
    expect(await screen.findByText('Nothing waits for a decision.')).toBeInTheDocument();
    await user.click(screen.getByRole('checkbox'));
    expect(await screen.findByText('Nothing was submitted yet.')).toBeInTheDocument();
  });

  it('says why it cannot be read, and tries again', async () => {
    const { user, reviews } = open([listed(1)]);
    await screen.findByText('notebooks/n1.ipynb');
    reviews.refusal = new StudioFault(500, {
      message: 'The ledger is damaged.',
      next: 'restore it'
    });
    await user.click(screen.getByRole('button', { name: 'Refresh' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('The ledger is damaged.');
    expect(screen.getByText('notebooks/n1.ipynb')).toBeInTheDocument();
    reviews.refusal = null;
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('notebooks/n1.ipynb')).toBeInTheDocument();
  });
});
