import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import * as React from 'react';

import type { Home, Need, Overview } from '../api';
import { StudioFault } from '../fault';
import { faultsOf } from '../testing/accessible';
import { anActivity, FakeStudio } from '../testing/fake';
import { HomeModel } from './model';
import { HomeView } from './view';
import { type IWays, waysIn } from './ways';

const trans = nullTranslator.load('');

const need = (other: Partial<Need>): Need => ({
  kind: 'review',
  title: 'a.ipynb',
  text: 'Ada submitted it',
  time: '2026-03-01T10:00:00Z',
  submission: '',
  run: '',
  pipeline: '',
  path: null,
  ...other
});

const pipeline = (other: Partial<Overview>): Overview => ({
  name: 'churn',
  description: 'Who leaves',
  steps: 4,
  problem: '',
  last_status: '',
  last_started: null,
  ...other
});

const HOME: Home = {
  needs: [
    need({ title: 'train.ipynb', submission: 's-1' }),
    need({
      kind: 'failed run',
      title: 'churn',
      text: 'train failed',
      run: 'r-1',
      pipeline: 'churn'
    }),
    need({
      kind: 'lapsed',
      title: 'score.ipynb',
      text: 'cell 4 changed',
      path: 'notebooks/score.ipynb'
    }),
    need({ kind: 'problem', title: 'broken.yml', text: 'It is no list.', time: null })
  ],
  happened: [
    {
      time: '2026-03-01T09:00:00Z',
      text: 'ben approved train.ipynb',
      kind: 'approved',
      run: '',
      submission: 's-0',
      subject: ''
    },
    {
      time: '2026-03-01T08:00:00Z',
      text: 'run of churn completed',
      kind: 'run',
      run: 'r-0',
      submission: '',
      subject: ''
    }
  ],
  running: ['r-9']
};

const made: HomeModel[] = [];
afterEach(() => made.splice(0).forEach(model => model.dispose()));

async function shown(
  studio: FakeStudio
): Promise<{ ways: jest.Mocked<IWays>; model: HomeModel; container: HTMLElement }> {
  const ways: jest.Mocked<IWays> = {
    review: jest.fn(),
    reviews: jest.fn(),
    run: jest.fn(),
    runs: jest.fn(),
    pipeline: jest.fn(),
    notebook: jest.fn(),
    ledger: jest.fn(),
    mlflow: jest.fn()
  };
  const model = new HomeModel(studio);
  made.push(model);
  const { container } = render(<HomeView model={model} ways={ways} trans={trans} />);
  await act(async () => {
    model.begin();
    await new Promise(resolve => setTimeout(resolve, 20));
  });
  return { ways, model, container };
}

const answers = {
  home: HOME,
  pipelines: { pipelines: [pipeline({ last_status: 'failed' })] }
};

describe('home', () => {
  it('shows what needs me, and leads there', async () => {
    const { ways } = await shown(new FakeStudio(answers));
    const needs = within(screen.getByRole('region', { name: /^Needs you/ }));
    await userEvent.click(needs.getByText('train.ipynb'));
    expect(ways.review).toHaveBeenCalledWith('s-1');
    await userEvent.click(needs.getByText('churn'));
    expect(ways.run).toHaveBeenCalledWith('r-1', 'churn');
    await userEvent.click(needs.getByText('score.ipynb'));
    expect(ways.notebook).toHaveBeenCalledWith('notebooks/score.ipynb');
    expect(needs.getByText('It is no list.').closest('button')).toBeNull();
    expect(needs.getAllByRole('listitem')).toHaveLength(4);
  });

  it('shows what goes on here and elsewhere', async () => {
    const studio = new FakeStudio(answers);
    const { ways } = await shown(studio);
    act(() =>
      studio.activities.set([
        anActivity({ id: '1', title: 'run churn', run: 'r-5' }),
        anActivity({ id: '2', kind: 'test', title: 'test a.ipynb', pipeline: '', path: 'a.ipynb' }),
        anActivity({ id: '3', title: 'ended', status: 'failed' }),
        anActivity({ id: '4', title: 'run b.py', pipeline: '', path: 'b.py', run: 'r-6' }),
        anActivity({ id: '5', title: 'run c.py', pipeline: '', path: null })
      ])
    );
    const running = within(screen.getByRole('region', { name: /^Running/ }));
    expect(running.getAllByRole('listitem')).toHaveLength(5);
    await userEvent.click(running.getByText('run churn'));
    expect(ways.run).toHaveBeenCalledWith('r-5', 'churn');
    await userEvent.click(running.getByText('test a.ipynb'));
    expect(ways.notebook).toHaveBeenCalledWith('a.ipynb');
    await userEvent.click(running.getByText('run b.py'));
    expect(ways.notebook).toHaveBeenCalledWith('b.py');
    expect(running.getByText('run c.py').closest('button')).toBeNull();
    await userEvent.click(running.getByText('r-9'));
    expect(ways.run).toHaveBeenCalledWith('r-9');
  });

  it('shows pipelines with their last run, and what happened', async () => {
    const { ways } = await shown(new FakeStudio(answers));
    await userEvent.click(screen.getByRole('button', { name: 'churn, last run failed' }));
    expect(ways.pipeline).toHaveBeenCalledWith('churn');
    await userEvent.click(screen.getByText('ben approved train.ipynb'));
    expect(ways.review).toHaveBeenCalledWith('s-0');
    await userEvent.click(screen.getByText('run of churn completed'));
    expect(ways.run).toHaveBeenCalledWith('r-0');
  });

  it('says what to do where nothing is there yet', async () => {
    await shown(
      new FakeStudio({
        home: { needs: [], happened: [], running: [] },
        pipelines: { pipelines: [] }
      })
    );
    expect(screen.getByText('Nothing waits for you.')).toBeInTheDocument();
    expect(screen.getByText('No pipeline yet.')).toBeInTheDocument();
    expect(screen.queryByRole('region', { name: /^Running/ })).toBeNull();
  });

  it('keeps what works when a part cannot be read', async () => {
    const studio = new FakeStudio(answers);
    studio.client.answers.pipelines = () => {
      throw new StudioFault(500, { message: 'churn.yml is no mapping.', next: 'mend it.' });
    };
    const { model } = await shown(studio);
    expect(screen.getByRole('alert')).toHaveTextContent('churn.yml is no mapping.');
    expect(screen.getByText('train.ipynb')).toBeInTheDocument();
    studio.client.answers.pipelines = answers.pipelines;
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(
      await screen.findByRole('button', { name: 'churn, last run failed' })
    ).toBeInTheDocument();
    expect(model.pipelines.fault).toBeNull();
  });

  it('says that there is no workspace, and how to make one', async () => {
    const studio = new FakeStudio();
    studio.session = null;
    studio.fault = new StudioFault(404, {
      message: 'There is no workspace here.',
      next: 'studio init'
    });
    await shown(studio);
    expect(screen.getByRole('alert')).toHaveTextContent('Next: studio init');
    expect(screen.queryByText('Needs you')).toBeNull();
  });

  it('can be used by everybody', async () => {
    const { container } = await shown(new FakeStudio(answers));
    expect(await faultsOf(container)).toEqual([]);
  });
});

describe('the ways', () => {
  it('ask for the pipeline of a run that does not say it', async () => {
    const studio = new FakeStudio({ 'runs/run': { pipeline: 'churn', name: '' } as any });
    const commands = new CommandRegistry();
    const opened: unknown[] = [];
    commands.addCommand('studio:open-pipeline', { execute: args => opened.push(args) });
    const ways = waysIn(commands, studio);
    ways.run('r-1');
    ways.review('s-1'); // nobody provides it: nothing happens
    await new Promise(resolve => setTimeout(resolve, 0));
    expect(opened).toEqual([{ pipeline: 'churn', run: 'r-1' }]);
  });

  it('lead to a run of a single notebook by its path, not by the name that was made up', async () => {
    const made = { pipeline: 'notebooks-train', name: 'notebooks/train.ipynb' };
    const studio = new FakeStudio({ 'runs/run': made as any });
    const commands = new CommandRegistry();
    const opened: unknown[] = [];
    commands.addCommand('studio:open-pipeline', { execute: args => opened.push(args) });
    waysIn(commands, studio).run('r-1');
    await new Promise(resolve => setTimeout(resolve, 0));
    expect(opened).toEqual([{ pipeline: 'notebooks/train.ipynb', run: 'r-1' }]);
  });
});
