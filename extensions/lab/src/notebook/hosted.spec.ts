import type { Context } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import { NBTestUtils } from '@jupyterlab/notebook/lib/testutils';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { FakeStudio } from '../testing/fake';
import { aNotebookState, aTest, FakeDialogs } from '../testing/notebooks';
import { CellMarks } from './cellMarks';
import { LabNotebook } from './hosted';
import { toggle } from './marks';
import { NotebookModel } from './model';
import type { Change } from './open';

const trans = nullTranslator.load('');

interface IOpened {
  context: Context<INotebookModel>;
  panel: NotebookPanel;
  notebook: LabNotebook;
  changes: string[];
  shown: jest.Mock;
}

/** A real notebook of two cells of code and one of text, in a page that paints nothing. */
async function opened(): Promise<IOpened> {
  const context = await NBTestUtils.createMockContext();
  const panel = NBTestUtils.createNotebookPanel(context);
  await context.initialize(true);
  await context.ready;
  context.model.fromJSON({
    cells: [
      {
        cell_type: 'code',
        id: 'a',
        metadata: {},
        source: 'x = 1\ny = 2',
        outputs: [],
        execution_count: null
      },
      {
        cell_type: 'code',
        id: 'b',
        metadata: { tags: ['test'] },
        source: 'def test_x(): ...',
        outputs: [],
        execution_count: null
      },
      { cell_type: 'markdown', id: 'c', metadata: {}, source: '# Text' }
    ],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5
  });
  Widget.attach(panel, document.body);
  const shown = jest.fn();
  const notebook = new LabNotebook(panel, shown);
  await notebook.ready;
  const changes: string[] = [];
  notebook.changed.connect((_, change: Change) => void changes.push(change.kind));
  return { context, panel, notebook, changes, shown };
}

/** Wait until something holds: what it is for is drawn some time after it changed. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100 && !holds(); turn++) {
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  expect(holds()).toBe(true);
}

beforeAll(() => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined); // Lab's own model reads before it is whole
});

afterAll(() => {
  jest.restoreAllMocks();
});

describe('a notebook in Lab', () => {
  let open: IOpened;

  beforeEach(async () => {
    open = await opened();
  });

  afterEach(() => {
    open.panel.dispose();
    open.context.dispose();
  });

  it('tells its cells', () => {
    expect(open.notebook.cells.map(cell => [cell.id, cell.type, cell.tags])).toEqual([
      ['a', 'code', []],
      ['b', 'code', ['test']],
      ['c', 'markdown', []]
    ]);
    open.panel.content.activeCellIndex = 1;
    expect(open.notebook.selected).toEqual(['b']);
    expect(open.changes).toContain('active');
  });

  it('tells edits of texts, and not of outputs', () => {
    const { notebook, panel, changes } = open;
    changes.length = 0;
    expect(notebook.write('a', 'x = 3')).toBe(true);
    expect(changes).toContain('source');
    expect(notebook.dirty).toBe(true);
    changes.length = 0;
    const code = panel.content.model!.sharedModel.cells[0] as unknown as {
      setOutputs(outputs: unknown[]): void;
    };
    code.setOutputs([{ output_type: 'stream', name: 'stdout', text: 'hello' }]);
    expect(changes).not.toContain('source');
    expect(notebook.write('nowhere', '')).toBe(false);
  });

  it('takes tags and gives them back', () => {
    const { notebook, panel, changes } = open;
    panel.content.activeCellIndex = 0;
    changes.length = 0;
    toggle(notebook, 'scratch');
    expect(panel.content.model!.cells.get(0).getMetadata('tags')).toEqual(['scratch']);
    expect(changes).toContain('cells');
    toggle(notebook, 'scratch');
    expect(panel.content.model!.cells.get(0).getMetadata('tags')).toBeUndefined();
  });

  it('takes new cells and follows them', () => {
    const { notebook, changes } = open;
    const id = notebook.insert(1, 'n: int = 1', ['parameters']);
    expect(notebook.cells[1]).toEqual({
      id,
      type: 'code',
      source: 'n: int = 1',
      tags: ['parameters']
    });
    changes.length = 0;
    notebook.write(id, 'n: int = 2');
    expect(changes).toContain('source');
  });

  it('shows a cell by its id, else by its number', async () => {
    const { notebook, panel, shown } = open;
    await notebook.jump({ id: 'b', number: 1 });
    expect(panel.content.activeCellIndex).toBe(1);
    await notebook.jump({ id: 'gone', number: 1, line: 2 });
    expect(panel.content.activeCellIndex).toBe(0);
    expect(panel.content.activeCell?.editor?.getCursorPosition()).toMatchObject({
      line: 1,
      column: 0
    });
    await notebook.jump({ id: 'gone', number: 99 });
    expect(panel.content.activeCellIndex).toBe(0);
    expect(shown).toHaveBeenCalledTimes(2);
  });

  it('is saved, and read again where it was', async () => {
    const { notebook, panel, changes } = open;
    notebook.write('a', 'x = 4');
    expect(await notebook.save()).toBe(true);
    expect(changes).toContain('saved');
    panel.content.activeCellIndex = 1;
    notebook.write('a', 'not saved');
    await notebook.revert();
    expect(notebook.cells[0].source).toBe('x = 4');
    expect(panel.content.activeCellIndex).toBe(1);
  });

  it('ends with its panel, and tells nothing any more', () => {
    const { notebook, panel, changes } = open;
    const ended = jest.fn();
    notebook.disposed.connect(ended);
    const model = panel.content.model!;
    panel.dispose();
    expect(ended).toHaveBeenCalledTimes(1);
    changes.length = 0;
    model.sharedModel.cells[0]?.setSource('later');
    expect(changes).toEqual([]);
    expect(notebook.cells).toEqual([]);
  });
});

describe('the marks of cells', () => {
  it('name what cells are, and show what came of their tests', async () => {
    const { context, panel, notebook } = await opened();
    const state = aNotebookState({
      tests: {
        cases: [
          aTest('test_x', { cell: 2, cell_id: 'b', status: 'failed', message: 'assert 1 == 2' })
        ],
        tested: null
      }
    });
    const studio = new FakeStudio({ 'notebooks/state': state });
    const model = new NotebookModel({ studio, notebook, dialogs: new FakeDialogs(), trans });
    const test = jest.fn();
    let shows = true;
    const marks = new CellMarks({ notebook, model, trans, shows: () => shows, test });
    await model.refresh();
    const results = (): Element | null => document.querySelector('.studio-CellResults');
    await until(() => document.querySelector('.studio-CellResults li') !== null);
    const [first, second] = panel.content.widgets.map(widget => widget.node);
    expect(second.dataset).toMatchObject({ studioMark: 'test', studioLabel: 'test' });
    expect(first.dataset.studioMark).toBeUndefined();
    expect(second.querySelector('.studio-CellResults')).toHaveTextContent(
      'failedtest_xassert 1 == 2'
    );
    second
      .querySelector('button.studio-Link')
      ?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    expect(test).toHaveBeenCalledWith(['test_x']);

    notebook.write('b', 'def test_x(): pass');
    await until(() => results()?.textContent?.includes('not run') === true);
    notebook.tag('b', []);
    notebook.tag('a', ['scratch']);
    await until(() => first.dataset.studioMark === 'scratch');
    expect([first.dataset.studioMark, second.dataset.studioMark]).toEqual(['scratch', undefined]);

    shows = false;
    marks.plan();
    await until(() => results()?.classList.contains('lm-mod-hidden') === true);
    panel.dispose();
    expect(marks.isDisposed).toBe(true);
    expect(model.isDisposed).toBe(true);
    context.dispose();
  });
});
