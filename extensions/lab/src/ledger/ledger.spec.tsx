import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import * as React from 'react';

import type { Event, EventsQuery } from '../api';
import { StudioFault } from '../fault';
import { faultsOf } from '../testing/accessible';
import { FakeStudio } from '../testing/fake';
import { LedgerPages } from './pages';
import { LedgerView } from './view';

const trans = nullTranslator.load('');

const event = (sequence: number): Event => ({
  sequence,
  time: '2026-03-01T10:00:00Z',
  kind: sequence % 2 ? 'approved' : 'submitted',
  actor: 'ben',
  subject: 'train.ipynb',
  environment: '',
  sentence: `event number ${sequence}`,
  details: { fingerprint: 'f1:abc', count: 3 }
});

/** A ledger of so many events, that answers as the server does. */
function studioWith(ledger: { last: number }): FakeStudio {
  return new FakeStudio({
    ledger: ({ kind = '', before = 0, limit = 100 }: EventsQuery) => {
      const all = Array.from({ length: ledger.last }, (_, index) => event(ledger.last - index));
      const fitting = all.filter(
        one => (kind === '' || one.kind === kind) && (before === 0 || one.sequence < before)
      );
      return {
        events: fitting.slice(0, limit),
        more: fitting.length > limit,
        kinds: ['approved', 'submitted']
      };
    },
    'ledger/verify': { ok: true, events: ledger.last, faults: [] }
  });
}

const asked = (studio: FakeStudio): unknown[] =>
  studio.client.asked.filter(([address]) => address === 'ledger').map(([, query]) => query);

describe('pages', () => {
  it('come one after the other, until the first event', async () => {
    const pages = new LedgerPages(studioWith({ last: 450 }).client);
    await pages.look(pages.filter);
    expect([pages.events.length, pages.more]).toEqual([200, true]);
    await pages.next();
    await pages.next();
    expect([pages.events.length, pages.more]).toEqual([450, false]);
    await pages.next();
    expect(pages.events[449].sequence).toBe(1);
    expect(new Set(pages.events.map(one => one.sequence)).size).toBe(450);
  });

  it('stay when something new comes in front of them', async () => {
    const ledger = { last: 450 };
    const pages = new LedgerPages(studioWith(ledger).client);
    await pages.look(pages.filter);
    await pages.next();
    ledger.last = 453;
    await pages.refresh();
    expect(pages.events.slice(0, 4).map(one => one.sequence)).toEqual([453, 452, 451, 450]);
    expect([pages.events.length, pages.more]).toEqual([403, true]);
  });

  it('begin anew when more came than a page holds', async () => {
    const ledger = { last: 10 };
    const pages = new LedgerPages(studioWith(ledger).client);
    await pages.look(pages.filter);
    ledger.last = 1000;
    await pages.refresh();
    expect([pages.events.length, pages.events[0].sequence, pages.more]).toEqual([200, 1000, true]);
  });

  it('leave out the answer to an earlier question', async () => {
    const studio = studioWith({ last: 10 });
    const answer = studio.client.answers.ledger as (query: EventsQuery) => any;
    let release: () => void = () => undefined;
    studio.client.answers.ledger = async query => {
      if (query.kind === '') {
        await new Promise<void>(resolve => (release = resolve));
      }
      return answer(query);
    };
    const pages = new LedgerPages(studio.client);
    const first = pages.look(pages.filter);
    await pages.look({ ...pages.filter, kind: 'approved' });
    release();
    await first;
    expect(pages.events.map(one => one.kind)).toEqual(Array(5).fill('approved'));
  });
});

describe('the ledger', () => {
  it('shows events, one of them in full', async () => {
    render(<LedgerView studio={studioWith({ last: 5 })} trans={trans} />);
    await userEvent.click(await screen.findByText('event number 4'));
    expect(screen.getByRole('heading', { name: 'Event 4' })).toBeInTheDocument();
    expect(screen.getByText('f1:abc')).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: 'Close' }));
    expect(screen.queryByText('f1:abc')).toBeNull();
  });

  it('draws and asks for no more than is looked at', async () => {
    const studio = studioWith({ last: 10000 });
    render(<LedgerView studio={studio} trans={trans} />);
    await screen.findByText('event number 10000');
    expect(screen.getAllByRole('listitem').length).toBeLessThan(60);
    expect(asked(studio)).toHaveLength(1);
  });

  it('looks for a kind, once for all that is typed', async () => {
    const studio = studioWith({ last: 8 });
    render(<LedgerView studio={studio} trans={trans} />);
    await screen.findByText('event number 8');
    await userEvent.selectOptions(screen.getByLabelText('Kind'), 'approved');
    fireEvent.change(screen.getByLabelText('Subject'), { target: { value: 'tr' } });
    fireEvent.change(screen.getByLabelText('Subject'), { target: { value: 'train' } });
    await waitFor(() => expect(screen.queryByText('event number 8')).toBeNull());
    expect(await screen.findByText('event number 7')).toBeInTheDocument();
    expect(asked(studio)[1]).toEqual({
      kind: 'approved',
      subject: 'train',
      actor: '',
      before: 0,
      limit: 200
    });
    expect(asked(studio)).toHaveLength(2);
  });

  it('is verified', async () => {
    const studio = studioWith({ last: 3 });
    render(<LedgerView studio={studio} trans={trans} />);
    await userEvent.click(screen.getByRole('button', { name: 'Verify' }));
    expect(await screen.findByText(/3 events, the chain is whole/)).toBeInTheDocument();
    studio.client.answers['ledger/verify'] = {
      ok: false,
      events: 3,
      faults: ['event 2 was changed']
    };
    await userEvent.click(screen.getByRole('button', { name: 'Verify' }));
    expect(await screen.findByText('event 2 was changed')).toBeInTheDocument();
  });

  it('asks for nothing while nobody looks, and for what came since then', async () => {
    const ledger = { last: 3 };
    const studio = studioWith(ledger);
    const { rerender } = render(<LedgerView studio={studio} trans={trans} visible={false} />);
    act(() => studio.refresh());
    expect(asked(studio)).toHaveLength(0);
    rerender(<LedgerView studio={studio} trans={trans} visible />);
    await screen.findByText('event number 3');
    ledger.last = 4;
    act(() => studio.refresh());
    expect(await screen.findByText('event number 4')).toBeInTheDocument();
  });

  it('says why it cannot be read', async () => {
    const studio = studioWith({ last: 3 });
    studio.client.answers.ledger = () => {
      throw new StudioFault(500, { message: 'The database is locked.', next: 'try again.' });
    };
    const { container } = render(<LedgerView studio={studio} trans={trans} />);
    expect(await screen.findByRole('alert')).toHaveTextContent('The database is locked.');
    expect(await faultsOf(container)).toEqual([]);
  });

  it('can be used by everybody', async () => {
    const { container } = render(<LedgerView studio={studioWith({ last: 5 })} trans={trans} />);
    await userEvent.click(await screen.findByText('event number 4'));
    expect(await faultsOf(container)).toEqual([]);
  });
});
