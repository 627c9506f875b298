import { WidgetTracker } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';

import { CommandIDs } from '../commands';
import { StudioFault } from '../fault';
import { LiveStudio } from '../testing/pipelines';
import { actionsIn } from './actions';
import { addOpening, PipelineCommandIDs } from './opening';
import { PipelinePanel, RunsPanel } from './panels';
import { addWriting } from './writing';

const trans = nullTranslator.load('studio');

/** Lab, as far as these commands know it. */
function lab(answers: object = {}) {
  const studio = new LiveStudio(answers);
  const commands = new CommandRegistry();
  const shell = { added: [] as Widget[], activated: [] as string[] };
  const app = {
    commands,
    shell: {
      add: (widget: Widget) => void shell.added.push(widget),
      activateById: (id: string) => void shell.activated.push(id)
    }
  } as any;
  const graphs = new WidgetTracker<PipelinePanel>({ namespace: 'graphs' });
  const lists = new WidgetTracker<RunsPanel>({ namespace: 'lists' });
  addOpening(app, { studio, actions: actionsIn(commands), trans }, graphs, lists);
  addWriting(app, { studio, trans, notebooks: null, browser: null });
  return { studio, commands, ...shell, shell, graphs, lists };
}

const button = (label: string): HTMLButtonElement =>
  [...document.querySelectorAll<HTMLButtonElement>('.jp-Dialog button')].find(
    one => one.textContent?.trim() === label
  )!;

async function shown(text: string): Promise<HTMLElement> {
  for (let turn = 0; turn < 200; turn++) {
    const dialog = document.querySelector<HTMLElement>('.jp-Dialog');
    if (dialog?.textContent?.includes(text)) {
      return dialog;
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw new Error(`No dialog with ${text}: ${document.body.textContent}`);
}

function type(dialog: HTMLElement, label: string, text: string): void {
  const field = [...dialog.querySelectorAll('label')]
    .find(one => one.textContent?.includes(label))!
    .querySelector('input')!;
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!.call(field, text);
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

describe('opening', () => {
  it('shows one widget a pipeline, and another run in it', async () => {
    const { commands, shell } = lab();
    const first: PipelinePanel = await commands.execute(CommandIDs.openPipeline, {
      pipeline: 'daily'
    });
    const again: PipelinePanel = await commands.execute(CommandIDs.openPipeline, {
      pipeline: 'daily',
      run: 'older'
    });
    expect(again).toBe(first);
    expect(first.model.snapshot.chosen).toBe('older');
    expect(shell.added).toHaveLength(1);
    expect(shell.activated).toEqual([first.id, first.id]);
    await commands.execute(CommandIDs.openPipeline, { pipeline: 'other' });
    expect(shell.added).toHaveLength(2);
  });

  it('asks for nothing before somebody looks', async () => {
    const { commands, studio } = lab();
    await commands.execute(CommandIDs.openPipeline, { pipeline: 'daily' });
    expect(studio.client.asked).toEqual([]);
  });

  it('leads to the form', async () => {
    const { commands } = lab();
    const panel: PipelinePanel = await commands.execute(PipelineCommandIDs.runPipeline, {
      pipeline: 'daily'
    });
    expect(panel.model.snapshot.beside).toBe('form');
  });

  it('shows the runs of all pipelines, or of one', async () => {
    const { commands, shell } = lab();
    const panel: RunsPanel = await commands.execute(CommandIDs.openRuns, {});
    expect(panel.pipeline).toBe('');
    await commands.execute(CommandIDs.openRuns, { pipeline: 'daily' });
    expect(panel.pipeline).toBe('daily');
    expect(shell.added).toEqual([panel]);
  });

  it('says where no pipeline is to be chosen from', async () => {
    const { commands } = lab();
    const done = commands.execute(CommandIDs.openPipeline, {});
    await shown('There is no pipeline yet.');
    button('OK').click();
    expect(await done).toBeUndefined();
  });
});

describe('a notebook', () => {
  const overview = (name: string, problem = '') => ({
    name,
    description: '',
    steps: 1,
    problem,
    last_status: '',
    last_started: null
  });

  it('becomes a step of the first pipeline that is not broken', async () => {
    const { commands, studio } = lab({
      pipelines: { pipelines: [overview('bad', 'broken'), overview('daily')] },
      'pipelines/add': { path: 'pipelines/daily.yml', pipeline: 'daily' }
    });
    const opened = jest.fn();
    commands.commandExecuted.connect((_, args) => opened(args.id, args.args));
    const done = commands.execute(PipelineCommandIDs.add, { path: 'notebooks/new.ipynb' });
    const dialog = await shown('notebooks/new.ipynb');
    type(dialog, 'Name of the step', 'extra');
    button('Add').click();
    await done;
    expect(studio.client.asked).toContainEqual([
      'pipelines/add',
      { pipeline: 'daily', notebook: 'notebooks/new.ipynb', step: 'extra' }
    ]);
    expect(opened).toHaveBeenCalledWith(CommandIDs.openPipeline, { pipeline: 'daily' });
  });

  it('makes a new pipeline; what is wrong is said, and what was typed stays', async () => {
    let refuse = true;
    const { commands, studio } = lab({
      'pipelines/new': ({ name }: { name: string }) => {
        if (refuse) {
          throw new StudioFault(400, { message: `'${name}' is no name for a pipeline.` });
        }
        return { path: 'pipelines/x.yml', pipeline: 'x' };
      }
    });
    const done = commands.execute(CommandIDs.newPipeline, { notebooks: ['a.ipynb', 'b.ipynb'] });
    type(await shown('Notebooks that become its steps'), 'Name of the pipeline', 'Not Good');
    button('Make it').click();
    const again = await shown("'Not Good' is no name for a pipeline.");
    refuse = false;
    type(again, 'Name of the pipeline', 'good');
    button('Make it').click();
    await done;
    expect(studio.client.asked.filter(([address]) => address === 'pipelines/new').at(-1)).toEqual([
      'pipelines/new',
      { name: 'good', notebooks: ['a.ipynb', 'b.ipynb'], description: '' }
    ]);
  });

  it('cannot be added where none is in front', () => {
    const { commands } = lab();
    expect(commands.isEnabled(PipelineCommandIDs.add)).toBe(false);
    expect(commands.isEnabled(PipelineCommandIDs.add, { path: 'a.ipynb' })).toBe(true);
  });
});

describe('the way to other pages', () => {
  it('is Studio’s own where it is there, and Lab’s where not', () => {
    const commands = new CommandRegistry();
    const done = jest.fn();
    commands.addCommand('docmanager:open', { execute: args => done('docmanager:open', args) });
    const actions = actionsIn(commands);
    actions.openNotebook('a.ipynb', 3);
    expect(done).toHaveBeenLastCalledWith('docmanager:open', { path: 'a.ipynb' });
    commands.addCommand(CommandIDs.openNotebook, { execute: args => done('ours', args) });
    actions.openNotebook('a.ipynb', 0);
    expect(done).toHaveBeenLastCalledWith('ours', { path: 'a.ipynb', cell: 0 });
    actions.openNotebook('a.ipynb', null);
    expect(done).toHaveBeenLastCalledWith('ours', { path: 'a.ipynb' });
  });

  it('leads out of the frame to a tracking server of a team', () => {
    const commands = new CommandRegistry();
    const done = jest.fn();
    commands.addCommand(CommandIDs.openMlflow, { execute: args => done(args) });
    const open = jest.spyOn(window, 'open').mockReturnValue(null);
    const actions = actionsIn(commands);
    actions.openMlflow('/studio-mlflow/#/runs/abc');
    expect(done).toHaveBeenCalledWith({ address: '/studio-mlflow/#/runs/abc' });
    actions.openMlflow('http://tracking.example:5000/#/runs/abc');
    expect(open).toHaveBeenCalledWith(
      'http://tracking.example:5000/#/runs/abc',
      '_blank',
      'noopener'
    );
    open.mockRestore();
  });
});
