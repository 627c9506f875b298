import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import type { NotebookState, State } from '../api';
import { anActivity, FakeActivities } from '../testing/fake';
import type { INotebookState } from '../tokens';
import { NotebookItem } from './notebook';
import { RunningItem } from './running';

const trans = nullTranslator.load('');

class FakeState implements INotebookState {
  current: NotebookState | null = null;
  readonly changed = new Signal<this, void>(this);

  set(status: State['status'], reasons: string[] = []): void {
    this.current = { problem: '', state: { status, reasons } } as any;
    this.changed.emit();
  }
}

function commands(): { registry: CommandRegistry; executed: [string, unknown][] } {
  const registry = new CommandRegistry();
  const executed: [string, unknown][] = [];
  for (const id of ['studio:open-home', 'studio:open-pipeline', 'studio:open-notebook-panel']) {
    registry.addCommand(id, { execute: args => void executed.push([id, args]) });
  }
  return { registry, executed };
}

const attached: Widget[] = [];
async function attach(widget: Widget): Promise<void> {
  attached.push(widget);
  await act(async () => Widget.attach(widget, document.body));
}
afterEach(() => act(() => attached.splice(0).forEach(widget => widget.dispose())));

describe('the status bar', () => {
  it('shows the state of the notebook in front, and opens its panel', async () => {
    const state = new FakeState();
    const { registry, executed } = commands();
    const item = new NotebookItem(state, registry, trans);
    await attach(item);
    expect(item.isActive).toBe(false);
    await act(async () => state.set('lapsed', ['cell 3 was edited']));
    expect(item.isActive).toBe(true);
    const button = await screen.findByRole('button', { name: 'lapsed' });
    expect(button).toHaveAttribute('title', 'cell 3 was edited');
    await userEvent.click(button);
    expect(executed).toEqual([['studio:open-notebook-panel', {}]]);
  });

  it('shows what goes on, and leads to it', async () => {
    const activities = new FakeActivities();
    const { registry, executed } = commands();
    await attach(new RunningItem(activities, registry, trans));
    expect(screen.queryByRole('button')).toBeNull();
    await act(async () => activities.set([anActivity({ title: 'run churn', run: 'r-1' })]));
    await userEvent.click(await screen.findByRole('button', { name: 'run churn' }));
    await act(async () =>
      activities.set([anActivity({ id: '1' }), anActivity({ id: '2', kind: 'test' })])
    );
    await userEvent.click(await screen.findByRole('button', { name: '2 running' }));
    const notebook = { names: ['a.py'], pipeline: '', path: 'a.py' };
    await act(async () => activities.set([anActivity({ title: 'run a.py', ...notebook })]));
    await userEvent.click(await screen.findByRole('button', { name: 'run a.py' }));
    expect(executed).toEqual([
      ['studio:open-pipeline', { pipeline: 'churn', run: 'r-1' }],
      ['studio:open-home', {}],
      ['studio:open-home', {}]
    ]);
  });
});
