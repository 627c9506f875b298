import { nullTranslator } from '@jupyterlab/translation';
import { act, configure, fireEvent, render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';

import { faultsOf } from '../../testing/accessible';
import { aPipeline, aRun } from '../../testing/pipelines';
import { fold } from '../fold';
import { StepStates, statesOfRun } from '../states';
import PipelineGraph from './graph';

const trans = nullTranslator.load('studio');
const graph = fold(aPipeline());

configure({ asyncUtilTimeout: 8000 });
jest.setTimeout(30000);

// jsdom gives everything a size of nothing, and what has none is not drawn.
beforeAll(() => {
  for (const [name, size] of [
    ['offsetWidth', 2400],
    ['offsetHeight', 900]
  ] as const) {
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => size });
  }
  (globalThis as any).DOMMatrixReadOnly ??= class {
    m22 = 1;
  };
});

async function open(selected = '') {
  const states = new StepStates();
  states.set(statesOfRun(graph, aRun({}, { report: { status: 'failed', seconds: 1 } })));
  const select = jest.fn();
  const view = render(
    <div style={{ width: 2400, height: 900 }}>
      <PipelineGraph
        trans={trans}
        title="daily"
        graph={graph}
        states={states}
        selected={selected}
        select={select}
      />
    </div>
  );
  await screen.findByRole('button', { name: /^load/ });
  return { ...view, states, select };
}

describe('a graph', () => {
  it('has a button for each step, which says its state and its connections', async () => {
    await open();
    expect(
      screen.getByRole('button', { name: /^load, completed, 2\.0 s, needed by train, report$/ })
    ).toBeVisible();
    expect(
      screen.getByRole('button', {
        name: /^train, 3 parts, completed, 2\.0 s, needs load, needed by report$/
      })
    ).toBeVisible();
    expect(screen.getByRole('button', { name: /^report, failed/ })).toBeVisible();
  });

  it('follows the states without being drawn anew', async () => {
    const { states } = await open();
    act(() => {
      states.set(statesOfRun(graph, aRun({}, { load: { status: 'running', done: 3, total: 9 } })));
    });
    expect(await screen.findByText('3 of 9 cells')).toBeInTheDocument();
  });

  it('unfolds the parts of a step', async () => {
    const { select } = await open();
    const parts = screen.getByRole('button', { name: 'Parts of train' });
    expect(parts).toHaveAttribute('aria-expanded', 'false');
    fireEvent.click(parts);
    const forest = await screen.findByRole('button', { name: /^model=forest, completed/ });
    fireEvent.click(forest);
    expect(select).toHaveBeenCalledWith('train[model=forest]');
    expect(screen.getByRole('button', { name: 'Parts of train' })).toHaveAttribute(
      'aria-expanded',
      'true'
    );
  });

  it('is walked through with the arrow keys, and opened with Enter', async () => {
    const { select } = await open();
    const load = screen.getByRole('button', { name: /^load/ });
    expect(load).toHaveAttribute('tabindex', '0');
    expect(screen.getByRole('button', { name: /^report/ })).toHaveAttribute('tabindex', '-1');
    act(() => load.focus());
    fireEvent.keyDown(load, { key: 'ArrowRight' });
    await waitFor(() => expect(document.activeElement).toHaveAttribute('data-step', 'train'));
    fireEvent.keyDown(document.activeElement!, { key: 'ArrowRight' });
    await waitFor(() => expect(document.activeElement).toHaveAttribute('data-step', 'report'));
    expect(screen.getByRole('button', { name: /^report/ })).toHaveAttribute('tabindex', '0');
    fireEvent.keyDown(document.activeElement!, { key: 'Home' });
    await waitFor(() => expect(document.activeElement).toHaveAttribute('data-step', 'load'));
    fireEvent.click(document.activeElement!); // what a browser makes of Enter on a button
    expect(select).toHaveBeenCalledWith('load');
  });

  it('marks the step whose details are shown', async () => {
    await open('train[model=forest]');
    expect(screen.getByRole('button', { name: /^train/ })).toHaveAttribute('aria-current', 'true');
    expect(screen.getByRole('button', { name: /^load/ })).not.toHaveAttribute('aria-current');
  });

  it('has nothing that keeps people out', async () => {
    const { container } = await open();
    fireEvent.click(screen.getByRole('button', { name: 'Parts of train' }));
    await screen.findByRole('button', { name: /^model=forest/ });
    expect(await faultsOf(container)).toEqual([]);
  });
});
