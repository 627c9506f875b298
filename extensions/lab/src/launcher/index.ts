/** The plugins of the capability "launcher": what is new begins here, and pages that others serve. */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { DisposableSet } from '@lumino/disposable';

import type { App, Template } from '../api';
import { CommandIDs } from '../commands';
import { IStudio } from '../tokens';
import { DOMAIN } from '../translation';
import { addCards, type ICards } from './cards';
import { addNewNotebook } from './notebooks';
import { addPages } from './pages';

const launcher: JupyterFrontEndPlugin<void> = {
  id: '@notebook-studio/lab:launcher',
  description: 'Cards of the launcher: notebooks from templates, pipelines, MLflow, apps.',
  autoStart: true,
  requires: [IStudio],
  optional: [ILauncher, ITranslator, ICommandPalette, ILayoutRestorer, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    studio: IStudio,
    lab: ILauncher | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    browser: IDefaultFileBrowser | null
  ): void => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const category = trans.__('Studio');
    const templates: { all: readonly Template[] } = { all: [] };
    const apps: { all: readonly App[] } = { all: [] };
    addNewNotebook(app, studio, templates, () => browser?.model.path ?? '', trans);
    addPages(app, apps, trans, restorer);
    palette?.addItem({ command: CommandIDs.newNotebook, category });
    palette?.addItem({ command: CommandIDs.openMlflow, category });

    let shown = '';
    let turn = 0;
    let added = new DisposableSet();
    const show = async (): Promise<void> => {
      const mine = ++turn;
      const { session } = studio;
      const cards = session ? await known(studio) : { templates: [], apps: [] };
      const text = JSON.stringify([session !== null, cards]);
      if (mine !== turn || text === shown) {
        return;
      }
      shown = text;
      templates.all = cards.templates;
      apps.all = cards.apps;
      added.dispose();
      added = session && lab ? addCards(lab, commands, trans, cards) : new DisposableSet();
      for (const one of cards.templates) {
        const args = { template: one.name, isPalette: true };
        if (palette) {
          added.add(palette.addItem({ command: CommandIDs.newNotebook, args, category }));
        }
      }
    };
    studio.changed.connect(() => void show());
    studio.refreshed.connect(() => void show());
  }
};

/** What the server offers; what it cannot tell is not offered. */
async function known(studio: IStudio): Promise<ICards> {
  const { client } = studio;
  const [templates, apps] = await Promise.allSettled([
    client.get('notebooks/templates'),
    client.get('apps')
  ]);
  for (const answer of [templates, apps]) {
    if (answer.status === 'rejected') {
      console.warn('Studio: the launcher shows less than there is.', answer.reason);
    }
  }
  return {
    templates: templates.status === 'fulfilled' ? templates.value.templates : [],
    apps: apps.status === 'fulfilled' ? apps.value.apps : []
  };
}

export const plugins: JupyterFrontEndPlugin<any>[] = [launcher];
