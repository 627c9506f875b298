import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';

import { StudioFault } from '../fault';
import { FakeStudio } from '../testing/fake';
import { aCell, aFinding, aNotebookState, FakeDialogs, FakeNotebook } from '../testing/notebooks';
import { Actions } from './actions';
import { addCommands, NotebookCommandIDs } from './commands';
import { NotebookModel } from './model';
import type { IFollowing } from './panel';

const trans = nullTranslator.load('');

class Following implements IFollowing {
  readonly modelChanged = new Signal<this, void>(this);
  constructor(public model: NotebookModel | null) {}
}

async function added(cells?: ConstructorParameters<typeof FakeNotebook>[0]) {
  const studio = new FakeStudio({ 'notebooks/state': aNotebookState() });
  const notebook = new FakeNotebook(cells);
  const dialogs = new FakeDialogs();
  const model = new NotebookModel({ studio, notebook, dialogs, trans });
  await model.refresh();
  const following = new Following(model);
  const commands = new CommandRegistry();
  const reveal = jest.fn();
  const actions = new Actions(dialogs, trans);
  const all = addCommands({ commands, following, actions, trans, palette: null, reveal });
  return { studio, notebook, dialogs, model, following, commands, reveal, all };
}

describe('commands', () => {
  it('are there, with words for the palette and shorter ones for toolbars, and go again', async () => {
    const { commands, all } = await added();
    expect(commands.listCommands().sort()).toEqual([
      'studio:check-notebook',
      'studio:insert-parameters-cell',
      'studio:mark-feature-view',
      'studio:mark-parameters',
      'studio:mark-scratch',
      'studio:mark-test',
      'studio:open-notebook-panel',
      'studio:submit-notebook',
      'studio:test-notebook'
    ]);
    expect(commands.label(NotebookCommandIDs.check)).toBe('Check Notebook');
    expect(commands.label(NotebookCommandIDs.check, { toolbar: true })).toBe('Check');
    all.dispose();
    expect(commands.listCommands()).toEqual([]);
  });

  it('rest where no notebook is in front', async () => {
    const { commands, following } = await added();
    following.model = null;
    following.modelChanged.emit();
    const enabled = commands.listCommands().filter(id => commands.isEnabled(id));
    expect(enabled).toEqual(['studio:open-notebook-panel']);
  });

  it('check: say what was found', async () => {
    const { commands, dialogs, studio, notebook, reveal } = await added();
    notebook.dirty = true;
    await commands.execute(NotebookCommandIDs.check);
    expect(notebook.done).toEqual(['save']);
    expect(reveal).toHaveBeenCalledWith(false);
    studio.client.answers['notebooks/state'] = aNotebookState({
      findings: [aFinding(), aFinding()]
    });
    await commands.execute(NotebookCommandIDs.check);
    studio.client.answers['notebooks/state'] = () => {
      throw new StudioFault(500, { message: 'It broke.', next: 'look into the log.' });
    };
    await commands.execute(NotebookCommandIDs.check);
    expect(dialogs.told).toEqual([
      'No problem was found.',
      '2 findings, see the panel.',
      'Check: It broke. Next: look into the log.'
    ]);
  });

  it('test and submit: start activities; nothing is submitted where the person gives up', async () => {
    const { commands, dialogs, studio, notebook } = await added();
    await commands.execute(NotebookCommandIDs.test);
    notebook.dirty = true;
    await commands.execute(NotebookCommandIDs.submit);
    dialogs.text = null;
    await commands.execute(NotebookCommandIDs.submit);
    expect(studio.activities.started.map(([kind]) => kind)).toEqual(['test', 'submit']);
    expect(dialogs.asked).toEqual([
      'Submit for review [Save and submit]',
      'Submit for review [Submit]'
    ]);
  });

  it('mark: fit the active cell, are toggled where it is marked, and say when a mark moves', async () => {
    const { commands, notebook, dialogs } = await added([
      aCell('a', { tags: ['parameters'] }),
      aCell('b'),
      aCell('text', { type: 'markdown' })
    ]);
    const parameters = NotebookCommandIDs.mark('parameters');
    const changed: string[] = [];
    commands.commandChanged.connect((_, { id }) => void (id && changed.push(id)));
    notebook.selected = ['text'];
    notebook.changed.emit({ kind: 'active' });
    expect(changed).toContain(parameters);
    expect(commands.isEnabled(parameters)).toBe(false);
    notebook.selected = ['b'];
    expect(commands.isToggled(parameters)).toBe(false);
    await commands.execute(parameters);
    expect(commands.isToggled(parameters)).toBe(true);
    expect(notebook.cells.map(cell => cell.tags)).toEqual([[], ['parameters'], []]);
    expect(dialogs.told).toEqual([
      'A notebook has one parameters cell: cell 1 is no longer marked as that.'
    ]);
  });

  it('insert a parameters cell below the imports; show the one that is there', async () => {
    const { commands, notebook } = await added([
      aCell('text', { type: 'markdown' }),
      aCell('imports', { source: 'import pandas as pd\n\nfrom datetime import date' }),
      aCell('code', { source: 'x = 1' })
    ]);
    await commands.execute(NotebookCommandIDs.insertParameters);
    expect(notebook.cells.map(cell => cell.id)).toEqual(['text', 'imports', 'new', 'code']);
    expect(notebook.cells[2].tags).toEqual(['parameters']);
    await commands.execute(NotebookCommandIDs.insertParameters);
    expect(notebook.cells).toHaveLength(4);
    expect(notebook.jumps.map(place => place.id)).toEqual(['new', 'new']);
  });
});
