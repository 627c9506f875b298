import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { act, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import * as React from 'react';

import type { NotebookState } from '../api';
import { StudioFault } from '../fault';
import { faultsOf } from '../testing/accessible';
import { FakeStudio } from '../testing/fake';
import {
  aDataset,
  aFinding,
  anApproval,
  aNotebookState,
  anEvent,
  aTest,
  FakeDialogs,
  FakeNotebook
} from '../testing/notebooks';
import { Folds } from './folds';
import type { ILinks } from './links';
import { NotebookModel } from './model';
import { type IFollowing, NotebookView } from './panel';

const trans = nullTranslator.load('');

class Following implements IFollowing {
  readonly modelChanged = new Signal<this, void>(this);
  constructor(public model: NotebookModel | null) {}
}

class FakeLinks implements ILinks {
  readonly went: string[] = [];
  add: ((path: string) => void) | null = path => this.went.push(`add ${path}`);
  review = (submission: string): void => void this.went.push(`review ${submission}`);
  run = async (run: string): Promise<void> => void this.went.push(`run ${run}`);
  pipeline = (name: string): void => void this.went.push(`pipeline ${name}`);
  file = (path: string): void => void this.went.push(`file ${path}`);
  shown = (subject: string): string | null => (subject.startsWith('outside') ? null : subject);
}

async function shown(
  state: Partial<NotebookState> = {},
  answers: ConstructorParameters<typeof FakeStudio>[0] = {}
) {
  const studio = new FakeStudio({ 'notebooks/state': aNotebookState(state), ...answers });
  const notebook = new FakeNotebook();
  const model = new NotebookModel({ studio, notebook, dialogs: new FakeDialogs(), trans });
  model.front = true;
  const links = new FakeLinks();
  const following = new Following(model);
  const submit = jest.fn(
    async (of: { submit(message: string): Promise<boolean> }) => void (await of.submit('Why'))
  );
  const insertParameters = jest.fn();
  const view = render(
    <NotebookView
      {...{ following, studio, links, folds: new Folds(null), trans, submit, insertParameters }}
    />
  );
  await waitFor(() => expect(model.state ?? model.fault).not.toBeNull());
  await act(async () => undefined);
  return {
    ...view,
    studio,
    notebook,
    model,
    links,
    following,
    submit,
    insertParameters,
    user: userEvent.setup()
  };
}

const section = (name: string): HTMLElement =>
  screen.getByRole('region', { name: new RegExp(`^${name}`) });

describe('the panel', () => {
  it('says what it is for where no notebook is in front', async () => {
    const { following } = await shown();
    act(() => {
      following.model = null;
      following.modelChanged.emit();
    });
    expect(screen.getByText('No notebook is in front.')).toBeInTheDocument();
  });

  it('says what to do where there is no workspace', async () => {
    const { studio } = await shown();
    act(() => {
      studio.session = null;
      studio.fault = new StudioFault(404, {
        message: 'This is no workspace.',
        next: 'type: studio init'
      });
      studio.changed.emit();
    });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'This is no workspace.Next: type: studio init'
    );
  });

  it('says why a notebook cannot be read, and shows no section', async () => {
    await shown({ problem: 'The file is cut off. Next: restore it.' });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'The notebook cannot be read.The file is cut off.'
    );
    expect(screen.queryByText('Parameters')).toBeNull();
  });

  it('says why a notebook outside of the workspace is not known', async () => {
    const refuse = (): never => {
      throw new StudioFault(400, {
        message: 'It lies outside.',
        next: 'move it into the workspace.'
      });
    };
    await shown({}, { 'notebooks/state': refuse });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'It lies outside.Next: move it into the workspace.'
    );
  });

  it('shows all sections, accessible', async () => {
    const { container } = await shown({
      findings: [aFinding()],
      tests: {
        cases: [aTest('test_a', { status: 'failed', message: 'no', detail: 'long' })],
        tested: null
      }
    });
    expect(screen.getByRole('heading', { name: 'Train the model' })).toBeInTheDocument();
    expect(screen.getAllByRole('heading', { level: 3 }).map(one => one.textContent)).toEqual([
      expect.stringContaining('Status'),
      expect.stringContaining('Parameters'),
      expect.stringContaining('Data'),
      expect.stringContaining('Checks'),
      expect.stringContaining('Tests')
    ]);
    expect(await faultsOf(container)).toEqual([]);
  });

  it('says that unsaved changes are not looked at, and saves them', async () => {
    const { notebook, user } = await shown();
    expect(screen.queryByText(/unsaved changes/)).toBeNull();
    act(() => void notebook.edit('c1', 'x = 1'));
    const said = screen.getByText(/unsaved changes/);
    await user.click(within(said).getByRole('button', { name: 'Save' }));
    expect(notebook.done).toEqual(['save']);
    expect(screen.queryByText(/unsaved changes/)).toBeNull();
  });

  it('keeps the other sections when the server could not tell about one', async () => {
    await shown({ problems: { datasets: 'pipelines/catalog.yml is no YAML.' } });
    expect(within(section('Data')).getByRole('alert')).toHaveTextContent('catalog.yml is no YAML');
    expect(within(section('Checks')).getByText('No problem was found.')).toBeInTheDocument();
  });

  it('keeps the other sections when one cannot be shown', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    await shown({ datasets: [aDataset({ up: null as never })] });
    log.mockRestore();
    expect(within(section('Data')).getByRole('alert')).toHaveTextContent('Data cannot be shown.');
    expect(within(section('Checks')).getByText('No problem was found.')).toBeInTheDocument();
  });

  it('folds a section away and shows its state in the heading', async () => {
    const { user } = await shown({ findings: [aFinding()] });
    const fold = screen.getByRole('button', { name: /^Checks/ });
    expect(fold).toHaveAttribute('aria-expanded', 'true');
    await user.click(fold);
    expect(fold).toHaveAttribute('aria-expanded', 'false');
    expect(fold).toHaveTextContent('1 finding');
    expect(screen.queryByText("The import of 'json' is never used.")).toBeNull();
  });
});

describe('the status', () => {
  it('names the cells that ended an approval, and leads to them', async () => {
    const approval = anApproval({
      status: 'lapsed',
      reasons: ['It changed since its approval by bob.'],
      changed_cells: ['c2', 'c1'],
      submission: '20260301-100000-abcdef'
    });
    const { notebook, links, user } = await shown({ state: approval });
    await user.click(within(section('Status')).getByRole('button', { name: 'Cell 2' }));
    expect(notebook.jumps).toEqual([{ id: 'c2', number: 2 }]);
    await user.click(screen.getByRole('button', { name: 'Open the latest review' }));
    expect(links.went).toEqual(['review 20260301-100000-abcdef']);
  });

  it.each([
    [
      anApproval({ status: 'approved', approvers: ['bob'], reasons: [] }),
      'Approved by bob, exactly as the file is now.'
    ],
    [
      anApproval({ status: 'invalid', reasons: ['The signature is wrong.'] }),
      'The signature is wrong.'
    ]
  ])('says what it is', async (approval, sentence) => {
    await shown({ state: approval });
    expect(within(section('Status')).getByText(sentence)).toBeInTheDocument();
  });

  it('shows a submission on its way, and its end', async () => {
    const { studio, user, submit } = await shown();
    studio.activities.events = [
      anEvent('step started', { step: 'train' }),
      anEvent('ended', {
        status: 'failed',
        text: 'Submitted, and cannot be approved: tests failed.'
      })
    ];
    await user.click(screen.getByRole('button', { name: 'Submit for review…' }));
    expect(submit).toHaveBeenCalled();
    const progress = await screen.findByRole('group', { name: 'Submission' });
    expect(progress).toHaveTextContent('Submitted, and cannot be approved: tests failed.');
    await user.click(within(progress).getByRole('button', { name: 'Dismiss' }));
    expect(screen.queryByRole('group', { name: 'Submission' })).toBeNull();
  });

  it('says why a submission was refused', async () => {
    const { studio, user } = await shown();
    studio.activities.start = async () => {
      throw new StudioFault(403, { message: 'carl may not submit.', next: 'ask for the role.' });
    };
    await user.click(screen.getByRole('button', { name: 'Submit for review…' }));
    expect(await within(section('Status')).findByRole('alert')).toHaveTextContent(
      'carl may not submit.'
    );
  });

  it('leads to the pipelines, or into one', async () => {
    const { links, user, studio, model } = await shown();
    await user.click(screen.getByRole('button', { name: 'Make it one' }));
    studio.client.answers['notebooks/state'] = aNotebookState({ pipelines: ['churn'] });
    await act(() => model.refresh());
    await user.click(screen.getByRole('button', { name: 'churn' }));
    expect(links.went).toEqual(['add notebooks/train.ipynb', 'pipeline churn']);
  });
});

describe('the parameters', () => {
  it('are written into the notebook', async () => {
    const { notebook, user } = await shown(
      {},
      { 'notebooks/parameters': { source: 'n: int = 5' } }
    );
    const write = screen.getByRole('button', { name: 'Write into the notebook' });
    expect(write).toBeDisabled();
    await user.clear(screen.getByRole('textbox', { name: 'n' }));
    await user.type(screen.getByRole('textbox', { name: 'n' }), '5');
    await user.click(write);
    expect(notebook.cells[1].source).toBe('n: int = 5');
    expect(await screen.findByText(/^Written into the parameters cell/)).toBeInTheDocument();
  });

  it('that are wrong are told at their field', async () => {
    const refuse = (): never => {
      const problem = {
        path: 'notebooks/train.ipynb',
        line: 0,
        field: 'n',
        message: 'five is no int.'
      };
      throw new StudioFault(400, { message: 'One value is wrong.', problems: [problem] });
    };
    const { user } = await shown({}, { 'notebooks/parameters': refuse });
    await user.type(screen.getByRole('textbox', { name: 'n' }), 'x');
    await user.click(screen.getByRole('button', { name: 'Write into the notebook' }));
    expect(await screen.findByText('five is no int.')).toBeInTheDocument();
    expect(screen.getByRole('textbox', { name: 'n' })).toBeInvalid();
  });

  it('start a run, and lead to it', async () => {
    const { studio, user, links } = await shown();
    studio.activities.events = [
      anEvent('run', { run: '20260301-100000-abcdef' }),
      anEvent('ended', { status: 'completed', text: 'Run 20260301-100000-abcdef completed.' })
    ];
    await user.type(screen.getByRole('textbox', { name: 'n' }), '0');
    await user.click(screen.getByRole('button', { name: 'Run with these values' }));
    expect(studio.activities.started).toEqual([
      ['run', { name: 'notebooks/train.ipynb', values: { n: 10 } }]
    ]);
    await user.click(
      await screen.findByRole('button', { name: 'Open run 20260301-100000-abcdef' })
    );
    expect(links.went).toEqual(['run 20260301-100000-abcdef']);
  });

  it('that have become the defaults are no longer given', async () => {
    const { studio, user, model } = await shown();
    await user.type(screen.getByRole('textbox', { name: 'n' }), '0');
    expect(screen.getByRole('button', { name: 'Run with these values' })).toBeInTheDocument();
    const state = aNotebookState();
    state.parameters.fields[0].default = 10;
    state.parameters.json_schema = { properties: { n: { type: 'integer', default: 10 } } };
    studio.client.answers['notebooks/state'] = state;
    await act(() => model.refresh());
    expect(screen.getByRole('button', { name: 'Run the notebook' })).toBeInTheDocument();
    expect(screen.getByRole('textbox', { name: 'n' })).toHaveValue('10');
  });

  it('ask for the name of a secret only', async () => {
    await shown();
    expect(screen.getByRole('textbox', { name: 'key' })).toHaveAccessibleDescription(
      /environment variable/
    );
  });

  it('can be begun where there are none', async () => {
    const none = { cell: 0, cell_id: '', fields: [], json_schema: {}, problem: '' };
    const { user, insertParameters, model } = await shown({ parameters: none });
    await user.click(screen.getByRole('button', { name: 'Insert one' }));
    expect(insertParameters).toHaveBeenCalledWith(model);
  });

  it('that cannot be read say why, with the way to their cell', async () => {
    const broken = {
      cell: 2,
      cell_id: 'c2',
      fields: [],
      json_schema: {},
      problem: 'An import stands here.'
    };
    const { user, notebook } = await shown({ parameters: broken });
    const line = screen.getByText(/An import stands here/);
    await user.click(within(line).getByRole('button', { name: 'Cell 2' }));
    expect(notebook.jumps).toHaveLength(1);
  });
});

describe('the data', () => {
  it('has contracts, size, maker and neighbours, all with their links', async () => {
    const { links, user, notebook } = await shown({
      datasets: [
        aDataset({
          up: ['notebooks/ingest.ipynb', 'outside/other.ipynb'],
          down: ['notebooks/train.ipynb']
        })
      ]
    });
    const data = within(section('Data'));
    expect(data.getByText(/12,345 rows/)).toBeInTheDocument();
    expect(data.getByText('other.ipynb')).toBeInTheDocument();
    expect(data.queryByText('train.ipynb')).toBeNull();
    for (const name of [
      'Cell 1, line 3',
      'contract customers',
      '20260301-100000-abcdef / ingest',
      'ingest.ipynb'
    ]) {
      await user.click(data.getByRole('button', { name }));
    }
    expect(notebook.jumps).toEqual([{ id: 'c1', number: 1, line: 3 }]);
    expect(links.went).toEqual([
      'file pipelines/contracts/customers.yml',
      'run 20260301-100000-abcdef',
      'file notebooks/ingest.ipynb'
    ]);
  });
});

describe('the checks', () => {
  it('lead to the place, mend one rule or all that is safe', async () => {
    const answers = { 'notebooks/fix': { fixed: ["Removed the import of 'json'."] } };
    const findings = [
      aFinding(),
      aFinding({ rule: 'no-explanation', cell: 0, cell_id: '', line: 0, fixable: false })
    ];
    const { studio, user, notebook } = await shown({ findings }, answers);
    const checks = within(section('Checks'));
    await user.click(checks.getByRole('button', { name: 'Cell 1, line 2' }));
    expect(notebook.jumps).toEqual([{ id: 'c1', number: 1, line: 2 }]);
    await user.click(checks.getByRole('button', { name: 'Fix unused-import' }));
    expect(await checks.findByText("Removed the import of 'json'.")).toBeInTheDocument();
    await user.click(checks.getByRole('button', { name: 'Fix all that is safe (1)' }));
    const asked = studio.client.asked.filter(([address]) => address === 'notebooks/fix');
    expect(asked.map(([, body]) => (body as { rules: string[] }).rules)).toEqual([
      ['unused-import'],
      []
    ]);
  });
});

describe('the tests', () => {
  const tests = {
    cases: [
      aTest('test_a', {
        status: 'failed',
        message: 'assert 3 == 4',
        detail: 'Traceback',
        seconds: 0.3
      }),
      aTest('test_b', { status: 'passed' })
    ],
    tested: '2026-03-01T10:00:00Z'
  };

  it('are run one by one, all, or with all rungs', async () => {
    const { studio, user } = await shown({ tests });
    const part = within(section('Tests'));
    expect(part.getByText('assert 3 == 4')).toBeInTheDocument();
    await user.click(part.getByRole('button', { name: 'Run test_b' }));
    await user.click(part.getByRole('button', { name: 'Run all tests' }));
    await user.click(part.getByRole('button', { name: 'Climb all rungs' }));
    const names = ['notebooks/train.ipynb'];
    expect(studio.activities.started.map(([, asked]) => asked)).toEqual([
      { names, rungs: ['code'], tests: ['test_b'] },
      { names, rungs: ['code'], tests: [] },
      { names, rungs: [], tests: [] }
    ]);
  });

  it('show what was found before an edit as that', async () => {
    const { notebook } = await shown({ tests });
    act(() => void notebook.edit('other', ''));
    act(() => void notebook.edit('c2', 'n: int = 3'));
    expect(within(section('Tests')).getByText('passed, before an edit')).toBeInTheDocument();
  });

  it('that there are none is said, with how to write one', async () => {
    await shown();
    expect(screen.getByText('The notebook has no tests.')).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Run all tests' })).toBeDisabled();
  });
});
