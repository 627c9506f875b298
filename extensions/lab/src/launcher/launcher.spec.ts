import { LauncherModel } from '@jupyterlab/launcher';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { act, screen, waitFor } from '@testing-library/react';

import type { App, Template } from '../api';
import { StudioFault } from '../fault';
import { FakeStudio } from '../testing/fake';
import { addCards } from './cards';
import { templateIcon } from './icons';
import { addNewNotebook } from './notebooks';
import { addPages } from './pages';

const trans = nullTranslator.load('');

const template = (name: string): Template => ({
  name,
  title: name[0].toUpperCase() + name.slice(1),
  description: `About ${name}`,
  phase: 'data understanding'
});
const app = (name: string, problem = ''): App => ({
  name,
  title: `App ${name}`,
  description: '',
  origin: 'workspace',
  address: problem ? '' : `/studio-apps/app/${name}`,
  path: null,
  problem
});

/** Lab with a shell that only remembers. */
function lab(): { host: any; commands: CommandRegistry; added: any[]; opened: string[] } {
  const commands = new CommandRegistry();
  const added: any[] = [];
  const opened: string[] = [];
  commands.addCommand('docmanager:open', {
    execute: args => void opened.push(String(args['path']))
  });
  const host = {
    commands,
    shell: { add: (widget: unknown) => added.push(widget), activateById: () => undefined },
    serviceManager: { serverSettings: { baseUrl: `${window.location.origin}/base/` } }
  };
  return { host, commands, added, opened };
}

/** The button of the dialog that is open; jsdom does not open dialogs, so that it is not found by its role. */
async function accept(): Promise<void> {
  await act(async () => document.querySelector<HTMLElement>('.jp-Dialog .jp-mod-accept')?.click());
}

describe('cards', () => {
  it('are what the server offers, in its order; what cannot be shown is left out', () => {
    const { host, commands } = lab();
    const launcher = new LauncherModel();
    const templates = [template('exploration'), template('training')];
    addNewNotebook(host, new FakeStudio(), { all: templates }, () => '', trans);
    addPages(host, { all: [] }, trans, null);
    const cards = addCards(launcher, commands, trans, {
      templates,
      apps: [app('a'), app('b', 'It is broken.')]
    });
    const shown = [...launcher.items()].map(item => [item.command, item.args, item.category]);
    expect(shown).toEqual([
      ['studio:new-notebook', { template: 'exploration' }, 'Studio'],
      ['studio:new-notebook', { template: 'training' }, 'Studio'],
      ['studio:open-mlflow', {}, 'Studio'],
      ['studio:open-app', { name: 'a' }, 'Studio']
    ]);
    expect(commands.label('studio:new-notebook', { template: 'training' })).toBe('Training');
    expect(templateIcon('exploration').name).toContain('exploration');
    expect(templateIcon('of somebody else').name).toContain('studio');
    cards.dispose();
    expect([...launcher.items()]).toEqual([]);
  });
});

describe('a new notebook', () => {
  it('is made in the folder of the launcher, and opened', async () => {
    const { host, commands, opened } = lab();
    const path = 'notebooks/shop/training.ipynb';
    const studio = new FakeStudio({ 'notebooks/new': { path, also: [] } });
    addNewNotebook(host, studio, { all: [] }, () => 'elsewhere', trans);
    await commands.execute('studio:new-notebook', { template: 'training', cwd: 'notebooks/shop' });
    expect(studio.client.asked).toEqual([
      ['notebooks/new', { template: 'training', folder: 'notebooks/shop', name: '' }]
    ]);
    expect(opened).toEqual([path]);
  });

  it.each(['', 'data', 'notebooks-old'])('is made among the notebooks, not in "%s"', async cwd => {
    const { host, commands } = lab();
    const studio = new FakeStudio({ 'notebooks/new': { path: 'notebooks/x.ipynb', also: [] } });
    addNewNotebook(host, studio, { all: [] }, () => '', trans);
    await commands.execute('studio:new-notebook', { template: 'training', cwd });
    expect(studio.client.asked[0][1]).toMatchObject({ folder: 'notebooks' });
  });

  it('that cannot be made says why', async () => {
    const { host, commands, opened } = lab();
    const studio = new FakeStudio({
      'notebooks/new': () => {
        throw new StudioFault(400, { message: 'The name is taken.', next: 'choose another.' });
      }
    });
    addNewNotebook(host, studio, { all: [] }, () => '', trans);
    const done = commands.execute('studio:new-notebook', { template: 'training' });
    expect(await screen.findByText('The name is taken.')).toBeInTheDocument();
    expect(screen.getByText('Next: choose another.')).toBeInTheDocument();
    await accept();
    await done;
    expect(opened).toEqual([]);
  });

  it('from a template that is asked for', async () => {
    const { host, commands, opened } = lab();
    const studio = new FakeStudio({
      'notebooks/templates': { templates: [template('exploration'), template('scoring')] },
      'notebooks/new': ({ template: name, folder }) => ({
        path: `${folder}/${name}.ipynb`,
        also: []
      })
    });
    addNewNotebook(host, studio, { all: [] }, () => 'here', trans);
    const done = commands.execute('studio:new-notebook', {});
    const choice = await waitFor(() => {
      const found = document.querySelector<HTMLSelectElement>('.jp-Dialog select');
      expect(found).not.toBeNull();
      return found as HTMLSelectElement;
    });
    choice.value = 'Scoring: About scoring';
    await accept();
    await done;
    expect(opened).toEqual(['notebooks/scoring.ipynb']);
  });
});

describe('pages of others', () => {
  it('are framed once, at the address that is asked for', async () => {
    const { host, commands, added } = lab();
    addPages(host, { all: [app('a')] }, trans, null);
    await commands.execute('studio:open-mlflow', {});
    await commands.execute('studio:open-mlflow', { address: '/base/mlflow/#/experiments/1' });
    expect(added).toHaveLength(1);
    expect(added[0].content.url).toBe(`${window.location.origin}/base/mlflow/#/experiments/1`);
    await commands.execute('studio:open-app', { name: 'a' });
    expect(added[1].title.label).toBe('App a');
    expect(added[1].content.url).toBe(`${window.location.origin}/studio-apps/app/a`);
  });

  it('of other hosts are not framed', async () => {
    const { host, commands, added } = lab();
    addPages(host, { all: [] }, trans, null);
    await commands.execute('studio:open-app', { name: 'a', address: 'https://example.org/' });
    expect(added).toEqual([]);
    await commands.execute('studio:open-mlflow', { address: 'https://example.org/' });
    expect(added[0].content.url).toBe(`${window.location.origin}/base/mlflow/`);
  });
});
