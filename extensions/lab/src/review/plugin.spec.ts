import { type JupyterFrontEnd } from '@jupyterlab/application';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { waitFor } from '@testing-library/react';

import { aReview } from '../testing/reviews';
import type { IStudio } from '../tokens';
import { plugins } from '.';

class Shell {
  shown: Widget[] = [];
  front = '';
  add(widget: Widget): void {
    this.shown.push(widget);
    Widget.attach(widget, document.body);
  }
  activateById(id: string): void {
    this.front = id;
  }
  widgets(): IterableIterator<Widget> {
    return this.shown[Symbol.iterator]();
  }
}

function activated() {
  const commands = new CommandRegistry();
  const shell = new Shell();
  const asked: string[] = [];
  const client = {
    url: (address: string) => `/studio/api/v1/${address}`,
    get: async (address: string) => {
      asked.push(address);
      return address === 'reviews' ? { submissions: [] } : aReview({ submission: 's1' });
    }
  };
  const studio = { client, refreshed: new Signal<object, void>({}), refresh: jest.fn() };
  const app = { commands, shell } as unknown as JupyterFrontEnd;
  void plugins[0].activate(app, studio as unknown as IStudio, nullTranslator, null, null, null);
  return { commands, shell, asked, studio };
}

describe('the commands', () => {
  it('open one widget for each submission, by identifier or by subject', async () => {
    const { commands, shell } = activated();
    await commands.execute('studio:open-review', { submission: 'notebooks/churn/train.ipynb' });
    await waitFor(() => expect(shell.shown[0].title.label).toBe('Review: Train a model'));
    await commands.execute('studio:open-review', { submission: 's1' });
    expect(shell.shown).toHaveLength(1);
  });

  it('keep the review that is open where a subject leads to the same submission', async () => {
    const { commands, shell } = activated();
    await commands.execute('studio:open-review', { submission: 's1' });
    await waitFor(() => expect(shell.shown[0].title.label).toBe('Review: Train a model'));
    await commands.execute('studio:open-review', { submission: 'notebooks/churn/train.ipynb' });
    await waitFor(() =>
      expect(shell.shown.map(widget => widget.isDisposed)).toEqual([false, true])
    );
    expect(shell.front).toBe(shell.shown[0].id);
  });

  it('open the list once, also where no submission is named', async () => {
    const { commands, shell } = activated();
    await commands.execute('studio:open-reviews');
    await commands.execute('studio:open-review');
    expect(shell.shown.map(widget => widget.id)).toEqual(['studio-reviews']);
    expect(shell.front).toBe('studio-reviews');
  });

  it('open the whole packet in a frame without any rights', async () => {
    const { commands, shell } = activated();
    await commands.execute('studio:open-review', { submission: 's1' });
    const review = shell.shown[0].node;
    await waitFor(() => expect(review.querySelector('.studio-Review-doors')).not.toBeNull());
    const button = [...review.querySelectorAll('button')].find(
      one => one.textContent === 'Whole packet'
    )!;
    button.click();
    button.click();
    expect(shell.shown).toHaveLength(2);
    const frame = shell.shown[1].node.querySelector('iframe')!;
    expect(frame.getAttribute('sandbox')).toBe('');
    expect(frame.getAttribute('src')).toBe('/studio/api/v1/reviews/page?submission=s1');
    expect(frame.title).toBe('Packet: Train a model');
  });
});
