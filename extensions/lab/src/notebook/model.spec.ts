import { nullTranslator } from '@jupyterlab/translation';

import { StudioFault } from '../fault';
import { anActivity, FakeStudio } from '../testing/fake';
import {
  aFinding,
  aNotebookState,
  anEvent,
  aTest,
  FakeDialogs,
  FakeNotebook
} from '../testing/notebooks';
import { NotebookModel } from './model';

const trans = nullTranslator.load('');
const PATH = 'notebooks/train.ipynb';

async function settled(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 90));
}

async function opened(
  answers: ConstructorParameters<typeof FakeStudio>[0] = {},
  notebook = new FakeNotebook()
) {
  const studio = new FakeStudio({ 'notebooks/state': aNotebookState(), ...answers });
  const dialogs = new FakeDialogs();
  const model = new NotebookModel({ studio, notebook, dialogs, trans });
  model.front = true;
  await settled();
  const asked = (address: string): number =>
    studio.client.asked.filter(([one]) => one === address).length;
  return { studio, notebook, dialogs, model, asked };
}

describe('what is known of a notebook', () => {
  it('is asked for once when it comes to the front', async () => {
    const { model, studio, asked } = await opened();
    expect(model.state?.title).toBe('Train the model');
    expect(asked('notebooks/state')).toBe(1);
    expect(studio.client.asked[0][1]).toEqual({ path: PATH });
    model.front = false;
    model.front = true;
    await settled();
    expect(asked('notebooks/state')).toBe(1);
  });

  it('is asked for once after a save, and never while typing', async () => {
    const { notebook, asked } = await opened();
    notebook.edit('c1', 'x = 1');
    notebook.edit('c1', 'x = 12');
    await settled();
    expect(asked('notebooks/state')).toBe(1);
    await notebook.save();
    notebook.changed.emit({ kind: 'saved' });
    await settled();
    expect(asked('notebooks/state')).toBe(2);
  });

  it('is not asked for while the notebook is behind others, but then', async () => {
    const { model, notebook, asked } = await opened();
    model.front = false;
    notebook.changed.emit({ kind: 'saved' });
    await settled();
    expect(asked('notebooks/state')).toBe(1);
    model.front = true;
    await settled();
    expect(asked('notebooks/state')).toBe(2);
  });

  it('stays when the server fails, with the reason beside it', async () => {
    const { model, studio, notebook } = await opened();
    studio.client.answers['notebooks/state'] = () => {
      throw new StudioFault(500, { message: 'The disk is full.' });
    };
    notebook.changed.emit({ kind: 'saved' });
    await settled();
    expect(model.fault?.message).toBe('The disk is full.');
    expect(model.state?.title).toBe('Train the model');
    expect(model.busy).toBe(false);
  });

  it('belongs to the path: a late answer to the old one is left out', async () => {
    const { model, studio, notebook } = await opened();
    const answers: ((title: string) => void)[] = [];
    studio.client.answers['notebooks/state'] = () =>
      new Promise(resolve => answers.push(title => resolve(aNotebookState({ title }))));
    void model.refresh();
    notebook.path = 'notebooks/other.ipynb';
    notebook.changed.emit({ kind: 'moved' });
    expect(model.state).toBeNull();
    await settled();
    answers[1]('new');
    answers[0]('old');
    await settled();
    expect(model.state?.title).toBe('new');
  });

  it('ends with the notebook', async () => {
    const { model, notebook, studio, asked } = await opened();
    notebook.dispose();
    expect(model.isDisposed).toBe(true);
    studio.refresh();
    await settled();
    expect(asked('notebooks/state')).toBe(1);
  });
});

describe('tests', () => {
  const state = aNotebookState({
    tests: { cases: [aTest('test_a'), aTest('test_b')], tested: null }
  });
  const started = { names: [PATH], rungs: ['code'], tests: ['test_a'] };

  it('run one alone, after a save, and their results are kept', async () => {
    const { model, notebook, studio } = await opened({ 'notebooks/state': state });
    notebook.dirty = true;
    studio.activities.events = [
      anEvent('started'),
      anEvent('case', { subject: PATH, text: 'test_a', status: 'passed', seconds: 0.2 }),
      anEvent('case', { subject: 'other.ipynb', text: 'test_b', status: 'failed' }),
      anEvent('ended', { status: 'completed', text: '1 passed.' })
    ];
    expect(await model.test(['test_a'])).toBe(true);
    await settled();
    expect(notebook.done).toEqual(['save']);
    expect(studio.activities.started).toEqual([['test', started]]);
    expect(model.cases.map(one => [one.name, one.status, one.awaited])).toEqual([
      ['test_a', 'passed', false],
      ['test_b', 'not run', false]
    ]);
    expect(model.course('test')).toMatchObject({
      ended: true,
      status: 'completed',
      said: '1 passed.'
    });
    model.forget('test');
    expect(model.course('test')).toBeNull();
  });

  it('are awaited while they run: only those that were asked for', async () => {
    const { model, studio } = await opened({ 'notebooks/state': state });
    let end = (): void => undefined;
    studio.activities.watch = async function* () {
      yield anEvent('started');
      await new Promise<void>(resolve => (end = resolve));
    };
    await model.test(['test_b']);
    await settled();
    expect(model.cases.map(one => one.awaited)).toEqual([false, true]);
    await model.stop('test');
    expect(studio.activities.stopped).toEqual(['activity-1']);
    end();
    await settled();
    expect(model.cases.map(one => one.awaited)).toEqual([false, false]);
  });

  it('do not run when the notebook was not saved', async () => {
    const { model, notebook, studio } = await opened({ 'notebooks/state': state });
    notebook.dirty = true;
    notebook.saves = false;
    expect(await model.test([])).toBe(false);
    expect(studio.activities.started).toEqual([]);
    notebook.writable = false;
    await expect(model.test([])).rejects.toThrow('its file cannot be written');
  });

  it('that somebody else started are followed, and earlier ones of this content are remembered', async () => {
    const { model, studio } = await opened({ 'notebooks/state': state });
    studio.activities.events = [
      anEvent('case', { subject: PATH, text: 'test_b', status: 'failed' })
    ];
    const earlier = { kind: 'test' as const, names: [PATH], status: 'failed' as const };
    studio.activities.set([
      anActivity({ ...earlier, id: 'too-old', started: '2026-03-01T08:00:00Z' })
    ]);
    await settled();
    expect(model.cases[1].status).toBe('not run');
    studio.activities.set([
      anActivity({ ...earlier, id: 'past', started: '2026-03-01T10:00:00Z' })
    ]);
    await settled();
    expect(model.cases[1].status).toBe('failed');
    expect(model.course('test')).toBeNull();
    studio.activities.set([anActivity({ ...earlier, id: 'now', status: 'running' })]);
    await settled();
    expect(model.course('test')?.activity.id).toBe('now');
  });

  it('whose events cannot be read end with the reason', async () => {
    const { model, studio } = await opened({ 'notebooks/state': state });
    // eslint-disable-next-line require-yield
    studio.activities.watch = async function* () {
      throw new StudioFault(404, {
        message: 'There is no such activity.',
        next: 'look at the list.'
      });
    };
    await model.test([]);
    await settled();
    expect(model.course('test')).toMatchObject({
      ended: true,
      said: 'There is no such activity. Next: look at the list.'
    });
  });
});

describe('mending', () => {
  const answers = {
    'notebooks/state': aNotebookState({ findings: [aFinding()] }),
    'notebooks/fix': { fixed: ["Removed the import of 'json'."] }
  };

  it('reads the mended file where nothing is unsaved', async () => {
    const { model, notebook, studio, dialogs } = await opened(answers);
    expect(await model.fix(['unused-import'])).toEqual(["Removed the import of 'json'."]);
    expect(studio.client.asked).toContainEqual([
      'notebooks/fix',
      { path: PATH, rules: ['unused-import'] }
    ]);
    expect(notebook.done).toEqual(['revert']);
    expect(dialogs.asked).toEqual([]);
  });

  it('asks before it saves what is unsaved', async () => {
    const { model, notebook, studio, dialogs } = await opened(answers);
    notebook.dirty = true;
    dialogs.answers = [false];
    expect(await model.fix([])).toBeNull();
    expect(studio.client.asked.map(([address]) => address)).not.toContain('notebooks/fix');
    expect(await model.fix([])).toHaveLength(1);
    expect(notebook.done).toEqual(['save', 'revert']);
  });

  it('loses nothing that was typed meanwhile without asking', async () => {
    const { model, notebook, studio, dialogs } = await opened(answers);
    studio.client.answers['notebooks/fix'] = () => {
      notebook.edit('c1', 'typed meanwhile');
      return { fixed: ['Done.'] };
    };
    dialogs.answers = [false];
    await model.fix([]);
    expect(dialogs.asked).toEqual(['The file was mended']);
    expect(notebook.done).toEqual([]);
    expect(notebook.dirty).toBe(true);
  });
});

describe('parameters', () => {
  it('are written into the cell as it is in front, unsaved', async () => {
    const { model, notebook, studio } = await opened({
      'notebooks/parameters': { source: 'n: int = 5' }
    });
    notebook.edit('c2', 'n: int = 2');
    await model.write({ n: 5 });
    expect(studio.client.asked).toContainEqual([
      'notebooks/parameters',
      { path: PATH, source: 'n: int = 2', values: { n: 5 } }
    ]);
    expect(notebook.cells[1].source).toBe('n: int = 5');
    expect(notebook.done).toEqual([]);
  });

  it('are not written over what was typed meanwhile', async () => {
    const { model, notebook } = await opened({
      'notebooks/parameters': () => {
        notebook.edit('c2', 'typed');
        return { source: 'n: int = 5' };
      }
    });
    await expect(model.write({ n: 5 })).rejects.toThrow('edited meanwhile');
    expect(notebook.cells[1].source).toBe('typed');
  });

  it('need a cell', async () => {
    const { model } = await opened({}, new FakeNotebook([]));
    await expect(model.write({ n: 5 })).rejects.toThrow('no parameters cell');
  });

  it('start a run', async () => {
    const { model, studio } = await opened();
    studio.activities.events = [
      anEvent('run', { run: '20260301-100000-abcdef' }),
      anEvent('step started', { step: 'train', total: 9 }),
      anEvent('cell', { step: 'train', done: 3, total: 9 })
    ];
    await model.run({ n: 5 });
    await settled();
    expect(studio.activities.started).toEqual([['run', { name: PATH, values: { n: 5 } }]]);
    expect(model.course('run')).toMatchObject({
      run: '20260301-100000-abcdef',
      step: 'train',
      done: 3,
      total: 9
    });
  });
});

it('a submission is started with its message, and the state is asked for anew when it has ended', async () => {
  const { model, studio, asked } = await opened();
  studio.activities.events = [anEvent('ended', { status: 'refused', text: 'You may not.' })];
  await model.submit('Why');
  await settled();
  await settled();
  expect(studio.activities.started).toEqual([['submit', { names: [PATH], message: 'Why' }]]);
  expect(model.course('submit')).toMatchObject({
    ended: true,
    status: 'refused',
    said: 'You may not.'
  });
  expect(asked('notebooks/state')).toBe(2);
});

it('an old answer is asked for again when the person comes back', async () => {
  const { model, asked } = await opened();
  model.look();
  await settled();
  expect(asked('notebooks/state')).toBe(1);
  const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 20000);
  model.look();
  await settled();
  now.mockRestore();
  expect(asked('notebooks/state')).toBe(2);
});

it('keys that change nothing that is shown draw nothing', async () => {
  const { model, notebook } = await opened();
  notebook.edit('c1', 'x');
  const drawn = jest.fn();
  model.changed.connect(drawn);
  notebook.edit('c1', 'xy');
  notebook.edit('c1', 'xyz');
  expect(drawn).not.toHaveBeenCalled();
});
