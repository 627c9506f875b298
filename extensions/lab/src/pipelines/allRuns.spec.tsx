import { nullTranslator } from '@jupyterlab/translation';
import { configure, fireEvent, render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';

import { faultsOf } from '../testing/accessible';
import { FakeStudio } from '../testing/fake';
import { aRow, aRun, pagesOf, someActions } from '../testing/pipelines';
import { AllRuns } from './allRuns';

const trans = nullTranslator.load('studio');
configure({ asyncUtilTimeout: 8000 });
jest.setTimeout(30000);

// jsdom gives everything a size of nothing; the list draws what fits.
beforeAll(() => {
  Object.defineProperty(HTMLElement.prototype, 'offsetHeight', {
    configurable: true,
    get: () => 680
  });
  Object.defineProperty(HTMLElement.prototype, 'offsetWidth', {
    configurable: true,
    get: () => 900
  });
});

function open(answers: object, pipeline = '') {
  const studio = new FakeStudio({ pipelines: { pipelines: [] }, ...answers });
  const actions = someActions();
  const choosePipeline = jest.fn();
  const view = render(
    <AllRuns
      trans={trans}
      studio={studio}
      actions={actions}
      pipeline={pipeline}
      choosePipeline={choosePipeline}
      visible
    />
  );
  return { ...view, studio, actions, choosePipeline };
}

describe('all runs', () => {
  it('are drawn as far as they are in sight, and one page is asked for', async () => {
    const { studio, container } = open({ runs: pagesOf(10_000) });
    expect(
      await screen
        .findByText('10,000 runs', { exact: false })
        .catch(() => screen.findByText('10000 runs'))
    ).toBeInTheDocument();
    await waitFor(() =>
      expect(container.querySelectorAll('.studio-RunTable-row').length).toBeGreaterThan(5)
    );
    expect(container.querySelectorAll('.studio-RunTable-row').length).toBeLessThan(60);
    expect(studio.client.asked.filter(([address]) => address === 'runs')).toHaveLength(1);
  });

  it('lead to their pipeline with the run', async () => {
    const { actions } = open({ runs: { runs: [aRow()], total: 1, more: false } });
    fireEvent.click(await screen.findByRole('button', { name: /^daily completed/ }));
    expect(actions.openPipeline).toHaveBeenCalledWith('daily', aRow().run);
  });

  it('say which one cannot be read, and show the others', async () => {
    const broken = aRow({
      run: 'broken',
      pipeline: '',
      name: '',
      problem: 'run.json is damaged',
      counts: {}
    });
    open({ runs: { runs: [aRow(), broken], total: 2, more: false } });
    expect(await screen.findByText('run.json is damaged')).toBeInTheDocument();
    expect(screen.getByRole('button', { name: /^daily completed/ })).toBeEnabled();
  });

  it('are compared two at a time', async () => {
    const { container } = open({
      runs: { runs: [aRow({ run: 'run-2' }), aRow({ run: 'run-1' })], total: 2, more: false },
      'runs/run': ({ run }: { run: string }) =>
        aRun({ run }, { load: { values: { rows: run === 'run-1' ? 100 : 120 } } })
    });
    fireEvent.click(await screen.findByRole('checkbox', { name: 'Compare run run-2' }));
    fireEvent.click(screen.getByRole('checkbox', { name: 'Compare run run-1' }));
    fireEvent.click(screen.getByRole('button', { name: 'Compare' }));
    const line = (await screen.findByText('rows')).closest('tr')!;
    expect([...line.cells].map(cell => cell.textContent)).toEqual([
      'rows parameter',
      '100',
      '120',
      '+20 (+20.0 %)'
    ]);
    expect(await faultsOf(container)).toEqual([]);
  });

  it('say that there are none', async () => {
    open({ runs: { runs: [], total: 0, more: false } });
    expect(await screen.findByText('No run yet.')).toBeInTheDocument();
  });
});
