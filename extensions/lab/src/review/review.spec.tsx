import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { act, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { NotebookDiffModel } from 'nbdime/lib/diff/model';
import * as React from 'react';

import { StudioFault } from '../fault';
import { faultsOf } from '../testing/accessible';
import { aCase, aCell, aComment, aReview, FakeReviews, someDoors } from '../testing/reviews';
import { diffedCells } from './cells';
import type { IReview } from './facts';
import { ReviewView } from './review';

const trans = nullTranslator.load('studio');
const no = (reason: string, next = ''): IReview['approve'] => ({ allowed: false, reason, next });

/** nbdime's models, and a plain text in the place of its editors. */
async function plainView(difference: any): Promise<any> {
  const model = new NotebookDiffModel(difference.base, difference.diff);
  return {
    cells: diffedCells(model.cells),
    metadata: null,
    show: (cell: any) => {
      const widget = new Widget();
      widget.node.textContent = `${cell.model.source.base} -> ${cell.model.source.remote}`;
      return widget;
    }
  };
}

/** jsdom lays nothing out: everything is in sight. */
class InSight {
  constructor(private readonly tell: (entries: { isIntersecting: boolean }[]) => void) {}
  observe(): void {
    this.tell([{ isIntersecting: true }]);
  }
  disconnect(): void {
    return undefined;
  }
}

beforeAll(() => {
  window.IntersectionObserver = InSight as unknown as typeof IntersectionObserver;
  Element.prototype.scrollIntoView = jest.fn();
});

async function open(reviews: FakeReviews, given: object = {}) {
  const doors = someDoors();
  const changed = jest.fn();
  const view = render(
    <ReviewView
      submission="one"
      reviews={reviews}
      doors={doors}
      trans={trans}
      view={plainView}
      changed={changed}
      {...given}
    />
  );
  await screen.findByRole('heading', { level: 2 });
  await screen.findAllByText(/->/);
  return { ...view, doors, changed, user: userEvent.setup() };
}

const tab = (name: RegExp): HTMLElement => screen.getByRole('tab', { name });
const panel = (): HTMLElement => screen.getByRole('tabpanel');

describe('a review', () => {
  it('says who submits what and why, and what it is compared with', async () => {
    await open(new FakeReviews());
    expect(screen.getByRole('heading', { level: 2 })).toHaveTextContent('Train a model');
    for (const text of [
      'A deeper tree',
      'the approval by bob on 2026-02-01',
      'waiting',
      /one approval by/
    ]) {
      expect(screen.getByText(text)).toBeInTheDocument();
    }
    expect(screen.queryByText(/no longer what was submitted/)).toBeNull();
  });

  it('says when the content here is another one', async () => {
    await open(new FakeReviews(aReview({ current: false })));
    expect(screen.getByText(/no longer what was submitted/)).toBeInTheDocument();
  });

  it('shows why it cannot be read, and tries again', async () => {
    const reviews = new FakeReviews();
    const read = jest.spyOn(reviews, 'review');
    read.mockRejectedValueOnce(
      new StudioFault(404, { message: 'There is no submission one.', next: 'list them.' })
    );
    render(
      <ReviewView
        submission="one"
        reviews={reviews}
        doors={someDoors()}
        trans={trans}
        view={plainView}
      />
    );
    expect(await screen.findByRole('alert')).toHaveTextContent(
      /There is no submission one\.\s*Next: list them\./
    );
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('heading', { level: 2 })).toBeInTheDocument();
  });

  it('opens the file, the run and the whole packet', async () => {
    const { doors, user } = await open(new FakeReviews());
    for (const name of ['Open the file', 'Open the run', 'Whole packet']) {
      await user.click(screen.getByRole('button', { name }));
    }
    expect(doors.opened).toEqual([
      'notebook notebooks/churn/train.ipynb',
      'run 20260302-100000-aaaaaa',
      'page 20260302-101010-abcdef'
    ]);
  });

  it('is accessible in every tab', async () => {
    const reviews = new FakeReviews(
      aReview({
        cases: [
          aCase({ status: 'failed', message: 'no', detail: 'Trace' }),
          aCase({ status: 'skipped' }),
          aCase()
        ],
        comments: [aComment({ cell: 2, status: 'edited' })],
        approve: no('anna wrote it.', 'ask somebody else')
      })
    );
    const { container, user } = await open(reviews);
    for (const name of screen.getAllByRole('tab')) {
      await user.click(name);
      expect(await faultsOf(panel())).toEqual([]);
    }
    await user.click(screen.getByRole('button', { name: 'Reject …' }));
    expect(await faultsOf(container)).toEqual([]);
  }, 60_000);
});

describe('the tabs', () => {
  it('are one stop for the keyboard, with arrows between them', async () => {
    const { user } = await open(new FakeReviews());
    tab(/Changes/).focus();
    await user.keyboard('{ArrowRight}');
    expect(tab(/Tests/)).toHaveFocus();
    expect(tab(/Tests/)).toHaveAttribute('aria-selected', 'true');
    await user.keyboard('{ArrowLeft}{ArrowLeft}');
    expect(tab(/Conversation/)).toHaveFocus();
    expect(screen.getAllByRole('tab').filter(one => one.tabIndex === 0)).toHaveLength(1);
  });
});

describe('the changes', () => {
  it('are told in words, and shown by cell; what is unchanged is folded', async () => {
    const { user } = await open(new FakeReviews());
    const words = screen.getByRole('region', { name: 'The changes in words' });
    expect(words).toHaveTextContent('parameter depth');
    expect(words).toHaveTextContent('column age: at least 0 → 18');
    expect(screen.getByText('y = 2 -> y = 3')).toBeInTheDocument();
    expect(screen.queryByText('x = 1 -> x = 1')).toBeNull();
    const fold = screen.getByRole('button', { name: 'Cell 1 is unchanged' });
    expect(fold).toHaveAttribute('aria-expanded', 'false');
    await user.click(fold);
    expect(screen.getByText('x = 1 -> x = 1')).toBeInTheDocument();
  });

  it('carry comments at their cells, and answers go to the cell', async () => {
    const reviews = new FakeReviews(
      aReview({ comments: [aComment({ cell: 3, status: 'edited' })] })
    );
    const { user, changed } = await open(reviews);
    const commented = screen.getByRole('region', { name: 'Cell 3' });
    expect(commented).toHaveTextContent('Why 7?');
    expect(commented).toHaveTextContent('the cell was edited since');

    await user.click(screen.getByRole('button', { name: 'Comment on cell 2' }));
    const field = screen.getByRole('textbox', { name: 'Your comment on cell 2' });
    expect(field).toHaveFocus();
    await user.type(field, 'Because');
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(reviews.said).toEqual([['Because', 2]]));
    const cell = screen.getByRole('region', { name: 'Cell 2' });
    await waitFor(() => expect(cell).toHaveTextContent('Because'));
    expect(screen.queryByRole('textbox')).toBeNull();
    expect(screen.getByRole('button', { name: 'Comment on cell 2' })).toHaveFocus();
    expect(changed).toHaveBeenCalled();
  });

  it('keep what was written when the server refuses it', async () => {
    const reviews = new FakeReviews();
    const { user } = await open(reviews);
    reviews.refusal = new StudioFault(403, {
      message: 'carla is not declared.',
      next: 'add her to studio.toml.'
    });
    await user.click(screen.getByRole('button', { name: 'Comment on cell 2' }));
    await user.type(screen.getByRole('textbox'), 'Hm');
    await user.click(screen.getByRole('button', { name: 'Comment' }));
    expect(await screen.findByRole('alert')).toHaveTextContent(
      /carla is not declared\.\s*Next: add her to studio.toml\./
    );
    expect(screen.getByRole('textbox')).toHaveValue('Hm');
    await user.keyboard('{Escape}');
    expect(screen.queryByRole('textbox')).toBeNull();
  });

  it('of a pipeline are those of its file', async () => {
    const added = aCell('f', 'version: 1', { cell_type: 'raw', outputs: undefined });
    const diff = [
      { key: 'cells', op: 'patch', diff: [{ key: 0, op: 'addrange', valuelist: [added] }] }
    ];
    await open(
      new FakeReviews(aReview({ subject: 'pipelines/churn.yml', notebook: null }), [], diff)
    );
    expect(screen.getByRole('region', { name: 'The file' })).toHaveTextContent(
      'null -> version: 1'
    );
    expect(screen.getByRole('button', { name: 'Comment on the file' })).toBeEnabled();
    expect(screen.queryByRole('button', { name: 'Open the file' })).toBeNull();
  });

  it('offer no comment to whom the server does not allow one', async () => {
    await open(new FakeReviews(aReview({ comment: no('eve is not declared.') })));
    expect(screen.getByRole('button', { name: 'Comment on cell 2' })).toBeDisabled();
  });
});

describe('the evidence', () => {
  it('shows failed tests first with their detail, and leads to the cell', async () => {
    const failing = aCase({
      name: 'test_b',
      status: 'failed',
      message: 'too low',
      detail: 'Trace',
      cell: 3
    });
    const { user } = await open(
      new FakeReviews(aReview({ cases: [aCase({ name: 'test_a' }), failing] }))
    );
    expect(tab(/Tests/)).toHaveTextContent('1 failed');
    await user.click(tab(/Tests/));
    expect(panel()).toHaveTextContent('1 of 2 tests did not pass.');
    expect(within(panel()).getByRole('heading', { name: /failed test_b/ })).toBeInTheDocument();
    expect(within(panel()).getByText('Trace')).toBeVisible();
    await user.click(within(panel()).getByRole('button', { name: 'cell 3' }));
    expect(tab(/Changes/)).toHaveAttribute('aria-selected', 'true');
    await waitFor(() => expect(screen.getByRole('region', { name: 'Cell 3' })).toHaveFocus());
  });

  it('shows measures with the direction as a word', async () => {
    const { user } = await open(new FakeReviews());
    await user.click(tab(/Measures/));
    const rows = within(panel()).getAllByRole('row');
    expect(rows[1]).toHaveTextContent('auc0.80.84+0.04 (+5 %)▲ up');
    expect(rows[2]).toHaveTextContent('loss0.50.4-0.1 (-20 %)▼ down');
    expect(rows[3]).toHaveTextContent('rows–1234600–+ new');
  });

  it('shows figures side by side, and none that would be fetched', async () => {
    const figures = [
      {
        cell: 5,
        status: 'changed',
        old: 'http://127.0.0.1:9/x.png',
        new: 'data:image/png;base64,AAAA'
      }
    ];
    const { user } = await open(new FakeReviews(aReview({ figures })));
    await user.click(tab(/Figures/));
    const images = within(panel()).getAllByRole('img');
    expect(images.map(image => image.getAttribute('src'))).toEqual(['data:image/png;base64,AAAA']);
    expect(panel()).toHaveTextContent('It cannot be shown.');
  });

  it('says so where there is none', async () => {
    const nothing = { cases: [], metrics: [], figures: [], contracts: [], findings: [] };
    const { user } = await open(new FakeReviews(aReview(nothing)));
    const told: string[] = [];
    for (const name of [/Tests/, /Measures/, /Contracts/, /Figures/, /Checks/, /Conversation/]) {
      await user.click(tab(name));
      told.push(panel().querySelector('.studio-Empty-title')!.textContent!);
    }
    expect(new Set(told).size).toBe(6);
  });
});

describe('the decision', () => {
  it('says to what an approval is bound, and afterwards what to do', async () => {
    const reviews = new FakeReviews(aReview({ signature_needed: true }));
    const { user, changed } = await open(reviews);
    await user.click(screen.getByRole('button', { name: 'Approve …' }));
    const dialog = screen.getByRole('dialog', { name: 'Approve notebooks/churn/train.ipynb?' });
    expect(dialog).toHaveTextContent('fingerprint f1:5f70bf18a086,');
    expect(dialog).toHaveTextContent('signed with your SSH key');
    await user.click(within(dialog).getByRole('button', { name: 'Approve' }));
    expect(await screen.findByText(/Next: git add pipelines\/approvals/)).toBeInTheDocument();
    expect(reviews.decided).toEqual([['approve', '']]);
    expect(reviews.reads).toBe(2);
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it('asks for a reason to reject', async () => {
    const reviews = new FakeReviews();
    const { user } = await open(reviews);
    await user.click(screen.getByRole('button', { name: 'Reject …' }));
    const dialog = screen.getByRole('dialog');
    expect(within(dialog).getByRole('button', { name: 'Reject' })).toBeDisabled();
    await user.type(within(dialog).getByRole('textbox'), '  ');
    expect(within(dialog).getByRole('button', { name: 'Reject' })).toBeDisabled();
    await user.type(within(dialog).getByRole('textbox'), 'a test is missing');
    await user.click(within(dialog).getByRole('button', { name: 'Reject' }));
    await waitFor(() => expect(reviews.decided).toEqual([['reject', '  a test is missing']]));
  });

  it('can be put away, and gives the keyboard back', async () => {
    const { user } = await open(new FakeReviews());
    await user.click(screen.getByRole('button', { name: 'Reject …' }));
    expect(screen.getByRole('textbox')).toHaveFocus();
    await user.keyboard('{Escape}');
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(screen.getByRole('button', { name: 'Reject …' })).toHaveFocus();
  });

  it('shows the sentence of a refusal, and stays open', async () => {
    const reviews = new FakeReviews();
    const { user } = await open(reviews);
    reviews.refusal = new StudioFault(403, {
      message: 'It changed since.',
      next: 'studio review submit it'
    });
    await user.click(screen.getByRole('button', { name: 'Approve …' }));
    await user.click(screen.getByRole('button', { name: 'Approve' }));
    expect(await screen.findByRole('alert')).toHaveTextContent(
      /It changed since\.\s*Next: studio review submit it/
    );
    expect(screen.getByRole('dialog')).toBeInTheDocument();
  });

  it('is closed to whom the server does not allow it, with the reason and the next step', async () => {
    const own = no('anna submitted it herself.', 'ask an ML engineer');
    await open(new FakeReviews(aReview({ approve: own, reject: no('She may not reject.') })));
    expect(screen.getByRole('button', { name: 'Approve …' })).toBeDisabled();
    expect(screen.getByRole('button', { name: 'Reject …' })).toBeDisabled();
    expect(
      screen.getByText('anna submitted it herself. Next: ask an ML engineer')
    ).toBeInTheDocument();
    expect(screen.getByText('She may not reject.')).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: 'Revoke …' })).toBeNull();
  });

  it('offers to revoke what is approved', async () => {
    const revoke = { allowed: true, reason: 'bob approved it', next: '' };
    const reviews = new FakeReviews(
      aReview({ status: 'approved', revoke, approve: no('It is approved.') })
    );
    const { user } = await open(reviews);
    await user.click(screen.getByRole('button', { name: 'Revoke …' }));
    await user.type(screen.getByRole('textbox'), 'wrong data');
    await act(async () => user.click(screen.getByRole('button', { name: 'Revoke' })));
    await waitFor(() => expect(reviews.decided).toEqual([['revoke', 'wrong data']]));
  });
});
