import { act, screen, within } from '@testing-library/react';

import { StudioFault } from '../../fault';
import { section, shown } from '../../testing/notebookPanel';
import { aDataset, aFinding, aNotebookState, anEvent, aTest } from '../../testing/notebooks';

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
