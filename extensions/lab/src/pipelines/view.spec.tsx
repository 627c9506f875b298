import { nullTranslator } from '@jupyterlab/translation';
import { act, configure, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import * as React from 'react';

import type { Pipeline } from '../api';
import { StudioFault } from '../fault';
import { faultsOf } from '../testing/accessible';
import {
  anError,
  anEvent,
  aPipeline,
  aRow,
  aRun,
  LiveStudio,
  someActions
} from '../testing/pipelines';
import { PipelineModel } from './model';
import { PipelineView } from './view';

const trans = nullTranslator.load('studio');
const RUN = aRun().run;

// Machines that build and test at the same time are slow.
configure({ asyncUtilTimeout: 8000 });
jest.setTimeout(30000);

// What a graph draws is tried in graph.spec.tsx; here its steps are plain buttons.
jest.mock('./graph/graph', () => ({
  __esModule: true,
  default: (props: any) => (
    <div data-testid="graph">
      {props.graph.steps.map((step: any) => (
        <button key={step.name} onClick={() => props.select(step.name)}>
          {`step ${step.name}`}
        </button>
      ))}
    </div>
  )
}));

async function open(studio: LiveStudio, run = '') {
  const model = new PipelineModel('daily', studio);
  const actions = someActions();
  const view = render(<PipelineView trans={trans} model={model} actions={actions} />);
  await act(() => model.load(run));
  return { ...view, model, actions, user: userEvent.setup() };
}

const failing = (): LiveStudio =>
  new LiveStudio({
    'runs/run': aRun(
      { status: 'failed' },
      {
        report: {
          status: 'failed',
          error: anError(),
          mlflow: '/studio-mlflow/#/runs/abc',
          attempt: 2,
          values: { limit: 1000 }
        }
      }
    )
  });

describe('an open pipeline', () => {
  it('says what it is, how its latest run ended, and what is approved', async () => {
    await open(new LiveStudio());
    expect(await screen.findByRole('heading', { name: 'daily' })).toBeInTheDocument();
    expect(await screen.findByText('What happened today.')).toBeInTheDocument();
    expect(screen.getByText('approved')).toBeInTheDocument();
    expect(await screen.findByText('completed · 5 steps run · 12 s')).toBeInTheDocument();
    expect(screen.getByRole('progressbar', { name: 'Steps done' })).toHaveAttribute(
      'aria-valuenow',
      '5'
    );
  });

  it('says when it runs by itself', async () => {
    const schedule: NonNullable<Pipeline['schedule']> = {
      cron: '0 6 * * *',
      timezone: 'Europe/Berlin',
      missed: 'skip',
      environment: 'prod',
      next: '2026-03-03T05:00:00Z',
      last: 'run 20260302-1 completed',
      up: true
    };
    const studio = new LiveStudio({ 'pipelines/pipeline': aPipeline({ schedule }) });
    const { unmount } = await open(studio);
    const shown = await screen.findByText(/^Scheduled: 0 6 \* \* \* \(Europe\/Berlin\), next at /);
    expect(shown).toHaveAttribute('title', expect.stringContaining('run 20260302-1 completed'));
    unmount();
    schedule.up = false;
    await open(new LiveStudio({ 'pipelines/pipeline': aPipeline({ schedule }) }));
    expect(
      await screen.findByText(/^Scheduled: 0 6 .*, but no scheduler is running/)
    ).toBeInTheDocument();
  });

  it('tells that it never ran, and what a run would do', async () => {
    const { steps } = aPipeline();
    const verdict = { reuse: false, undecided: false, reason: 'it has not completed before' };
    const pipeline = aPipeline({ steps: steps.map(step => ({ ...step, verdict })) });
    await open(
      new LiveStudio({ 'pipelines/pipeline': pipeline, runs: { runs: [], total: 0, more: false } })
    );
    expect(
      await screen.findByText('It has not run yet. A run now: 5 would run.')
    ).toBeInTheDocument();
    expect(screen.getByText('No run yet.')).toBeInTheDocument();
  });

  it('names each problem of a broken one, leads to its file, and keeps the list of runs', async () => {
    const problem = {
      path: 'pipelines/daily.yml',
      line: 5,
      field: 'steps.x',
      message: 'There is no key x.'
    };
    const { actions, user } = await open(
      new LiveStudio({
        'pipelines/pipeline': aPipeline({ steps: [], problem: 'broken', problems: [problem] })
      })
    );
    await user.click(await screen.findByRole('button', { name: 'pipelines/daily.yml:5, steps.x' }));
    expect(actions.openFile).toHaveBeenCalledWith('pipelines/daily.yml');
    expect(screen.getByRole('alert')).toHaveTextContent('There is no key x.');
    expect(screen.getByRole('button', { name: 'Run…' })).toBeDisabled();
    // The run's record still says how its steps ended.
    expect(await screen.findByRole('button', { name: /^report completed/ })).toBeInTheDocument();
  });

  it('says why it cannot be asked for, and asks again', async () => {
    const studio = new LiveStudio({
      'pipelines/pipeline': () => {
        throw new StudioFault(0, { message: 'Jupyter does not answer.' });
      }
    });
    const { user } = await open(studio);
    expect(await screen.findByText('Jupyter does not answer.')).toBeInTheDocument();
    studio.client.answers['pipelines/pipeline'] = aPipeline();
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(screen.queryByText('Jupyter does not answer.')).toBeNull());
  });

  it('has nothing that keeps people out', async () => {
    const { container, model } = await open(failing());
    await screen.findByTestId('graph');
    act(() => model.select('report'));
    await screen.findByRole('region', { name: 'Why it failed' });
    expect(await faultsOf(container)).toEqual([]);
    act(() => model.open('form'));
    await screen.findByRole('button', { name: 'Start' });
    expect(await faultsOf(container)).toEqual([]);
  });
});

describe('a step that failed', () => {
  it('shows its cell and error, and leads to the cell to mend', async () => {
    const { model, actions, user } = await open(failing());
    act(() => model.select('report'));
    const details = await screen.findByRole('region', { name: 'Step report' });
    expect(details).toHaveTextContent('Cell 4 raised ValueError: too much');
    expect(within(details).getByText('raise ValueError("too much")')).toBeInTheDocument();
    expect(within(details).getByText('Attempt').nextSibling).toHaveTextContent('2');
    await user.click(within(details).getByRole('button', { name: 'Open the cell to mend' }));
    expect(actions.openNotebook).toHaveBeenCalledWith('notebooks/report.ipynb', 'cell-3');
  });

  it('leads to the executed notebook at the failing cell, and to MLflow', async () => {
    const studio = failing();
    studio.client.answers['runs/executed'] = {
      path: `studio-run:${RUN}/report.ipynb`,
      run: RUN,
      step: 'report',
      status: 'failed',
      cell: 4,
      cell_id: 'x'
    };
    const { model, actions, user } = await open(studio);
    act(() => model.select('report'));
    await user.click(await screen.findByRole('button', { name: 'Executed notebook' }));
    expect(actions.openNotebook).toHaveBeenCalledWith(`studio-run:${RUN}/report.ipynb`, 4);
    await user.click(screen.getByRole('button', { name: 'MLflow run' }));
    expect(actions.openMlflow).toHaveBeenCalledWith('/studio-mlflow/#/runs/abc');
  });

  it('is run again from here, with what the run was given', async () => {
    const studio = failing();
    studio.client.answers['runs/run'] = aRun(
      { status: 'failed', given: { rows: '7' }, environment: 'staging' },
      { report: { status: 'failed', error: anError() } }
    );
    const { model, user } = await open(studio);
    act(() => model.select('report'));
    expect(await screen.findByText(/rows = 7/)).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Run from here' }));
    expect(studio.activities.started).toEqual([
      ['run', { name: 'daily', values: { rows: '7' }, environment: 'staging', start: 'report' }]
    ]);
  });

  it('shows its log when it is asked for', async () => {
    const studio = failing();
    studio.client.answers['runs/log'] = { text: 'total 14850', cut: true };
    const { model } = await open(studio);
    act(() => model.select('report'));
    const log = (await screen.findByText('Log')).closest('details') as HTMLDetailsElement;
    act(() => {
      log.open = true;
      log.dispatchEvent(new Event('toggle'));
    });
    expect(await screen.findByText('total 14850')).toBeInTheDocument();
    expect(screen.getByText(/It is long/)).toBeInTheDocument();
  });
});

describe('a step', () => {
  it('of several parts leads to each of them', async () => {
    const { user } = await open(
      new LiveStudio({
        'runs/run': aRun(
          {},
          {
            'train[model=forest]': {
              status: 'reused',
              reason: 'nothing changed',
              reused_from: 'older'
            }
          }
        )
      })
    );
    await user.click(await screen.findByRole('button', { name: 'step train' }));
    await user.click(await screen.findByRole('button', { name: /^model=forest/ }));
    const details = await screen.findByRole('region', { name: 'Step train[model=forest]' });
    expect(details).toHaveTextContent('nothing changed');
    expect(within(details).getByRole('button', { name: 'older' })).toBeInTheDocument();
  });

  it('is closed with Escape', async () => {
    const { user } = await open(new LiveStudio());
    await user.click(await screen.findByRole('button', { name: 'step load' }));
    await screen.findByRole('region', { name: 'Step load' });
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByRole('region', { name: 'Step load' })).toBeNull());
  });
});

describe('running it', () => {
  it('takes values, environment and the way of running from a form', async () => {
    const studio = new LiveStudio();
    const { user } = await open(studio);
    await user.click(await screen.findByRole('button', { name: 'Run…' }));
    const rows = await screen.findByRole('textbox', { name: /rows/ });
    await user.clear(rows);
    await user.type(rows, '7');
    await user.selectOptions(screen.getByRole('combobox', { name: 'Environment' }), 'staging');
    await user.click(screen.getByRole('checkbox', { name: 'Run every step, reuse none' }));
    await user.click(screen.getByRole('button', { name: 'Start' }));
    expect(studio.activities.started).toEqual([
      [
        'run',
        { name: 'daily', values: { rows: 7 }, environment: 'staging', force: true, jobs: null }
      ]
    ]);
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Start' })).toBeNull());
    expect(await screen.findByText('Starting: the plan is made and checked…')).toBeInTheDocument();
  });

  it('says at the field what is wrong with it', async () => {
    const studio = new LiveStudio();
    const { user } = await open(studio);
    await user.click(await screen.findByRole('button', { name: 'Run…' }));
    studio.refuses = new StudioFault(400, {
      message: 'A value does not fit.',
      problems: [{ path: '', line: 0, field: 'rows', message: 'must be at least 1' }]
    });
    await user.click(await screen.findByRole('button', { name: 'Start' }));
    const rows = await screen.findByRole('textbox', { name: /rows/ });
    await waitFor(() => expect(rows).toHaveAccessibleDescription(/must be at least 1/));
  });

  it('that is refused tells all reasons, each with its next step', async () => {
    const studio = new LiveStudio();
    const { model, user } = await open(studio);
    await act(async () => void (await model.start({ environment: 'prod' })));
    studio.activity.push(
      anEvent({
        kind: 'ended',
        status: 'refused',
        text:
          'daily may not run in prod; nothing has been started.\n' +
          '  role: you have none. Next: write into studio.toml:\n      [people.ada]\n' +
          '  approval: load was never approved. Next: studio review submit daily'
      })
    );
    studio.activity.end();
    const notice = await screen.findByRole('alert');
    expect(within(notice).getByText('The run was refused.')).toBeInTheDocument();
    expect(within(notice).getAllByRole('listitem')).toHaveLength(2);
    expect(within(notice).getByText('Next: studio review submit daily')).toBeInTheDocument();
    await user.click(within(notice).getByRole('button', { name: 'Take this notice away' }));
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  });

  it('is stopped and continued by buttons', async () => {
    const running = aRun({ status: 'running', activity: 'theirs', ended: null, seconds: null });
    const studio = new LiveStudio({ 'runs/run': running });
    const { user } = await open(studio);
    await user.click(await screen.findByRole('button', { name: 'Stop' }));
    expect(studio.activities.stopped).toEqual(['theirs']);
    studio.run.push(aRun({ status: 'killed', counts: { completed: 2, killed: 1, 'not run': 2 } }));
    studio.run.end();
    await user.click(await screen.findByRole('button', { name: 'Resume' }));
    expect(studio.activities.started).toEqual([['resume', { run: RUN }]]);
  });

  it('goes on while somebody looks at another run, and one way leads back', async () => {
    const studio = new LiveStudio({
      'runs/run': ({ run }) =>
        run === 'new' ? aRun({ run, status: 'running', ended: null, seconds: null }) : aRun({ run })
    });
    const { model, user } = await open(studio);
    await act(async () => void (await model.start({})));
    studio.activity.push(anEvent({ kind: 'run', run: 'new', status: 'running' }));
    await waitFor(() => expect(model.snapshot.chosen).toBe('new'));
    act(() => model.choose(RUN));
    await user.click(await screen.findByRole('button', { name: 'A run goes on: show it' }));
    expect(model.snapshot.chosen).toBe('new');
    // It has ended, and what drives it has still to write the last of it: nothing is left to stop.
    studio.run.push(aRun({ run: 'new' }));
    studio.run.end();
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Stop' })).toBeNull());
    expect(screen.getByRole('button', { name: 'Run…' })).toBeEnabled();
    expect(model.snapshot.going).not.toBeNull();
  });

  it('tells those who hear the page how far it is', async () => {
    await open(failing());
    await waitFor(() =>
      expect(screen.getAllByRole('status').map(element => element.textContent)).toContain(
        'Run failed, 4 of 5 steps done, report failed'
      )
    );
  });
});

describe('the runs', () => {
  it('are chosen, and compared two at a time', async () => {
    const rows = [aRow({ run: 'run-2' }), aRow({ run: 'run-1', status: 'failed' })];
    const studio = new LiveStudio({
      runs: { runs: rows, total: 2, more: false },
      'runs/run': ({ run }) =>
        aRun({ run }, { load: { metrics: { auc: run === 'run-1' ? 0.8 : 0.9 } } })
    });
    const { model } = await open(studio);
    act(() => model.compare('run-2', 'run-1'));
    const comparison = await screen.findByRole('region', { name: 'Comparison of two runs' });
    const line = (await within(comparison).findByText('auc')).closest('tr')!;
    expect([...line.cells].map(cell => cell.textContent)).toEqual([
      'auc measure',
      '0.8',
      '0.9',
      '+0.1 (+12.5 %)'
    ]);
    expect(within(comparison).queryByText('rows')).toBeNull();
    const user = userEvent.setup();
    await user.click(within(comparison).getByRole('checkbox', { name: 'Also what is alike' }));
    expect(within(comparison).getByText('rows')).toBeInTheDocument();
  });

  it('show what one was given and how its gates were judged', async () => {
    const studio = new LiveStudio({
      'runs/run': aRun({
        given: { rows: '7' },
        gates: [{ name: 'test_auc at least 0.75', status: 'failed', message: '0.7 is below 0.75' }]
      })
    });
    const { user } = await open(studio);
    await user.click(await screen.findByRole('button', { name: 'About this run' }));
    const facts = await screen.findByRole('region', { name: `Run ${RUN}` });
    expect(facts).toHaveTextContent('rows7');
    expect(facts).toHaveTextContent('test_auc at least 0.75');
    expect(facts).toHaveTextContent('0.7 is below 0.75');
  });
});
