/** The plugins of the capability "home": what needs me now, in the left side bar. */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Debouncer } from '@lumino/polling';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { studioIcon } from '../icons';
import { IStudio } from '../tokens';
import { DOMAIN } from '../translation';
import { Panel } from '../ui';
import { HomeModel } from './model';
import { HomeView } from './view';
import { waysIn } from './ways';

const ID = 'studio-home';
/** Milliseconds after a file was saved: several may be, one after the other. */
const SAVED = 1500;

const home: JupyterFrontEndPlugin<void> = {
  id: '@notebook-studio/lab:home',
  description:
    'Home, in the left side bar: what needs this person, what goes on, what happened lately.',
  autoStart: true,
  requires: [IStudio],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    studio: IStudio,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const { commands, shell, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const model = new HomeModel(studio);
    const ways = waysIn(commands, studio);
    const panel = new Panel({
      id: ID,
      title: trans.__('Studio'),
      icon: studioIcon,
      trans,
      content: () => React.createElement(HomeView, { model, ways, trans })
    });
    shell.add(panel, 'left', { rank: 150, type: 'Studio' });
    restorer?.add(panel, ID);

    model.changed.connect(() => {
      const count = model.home.value?.needs.length ?? 0;
      panel.title.caption =
        count > 0
          ? trans._n('Studio: %1 needs you', 'Studio: %1 need you', count, count)
          : trans.__('Studio');
      panel.title.className = count > 0 ? 'studio-mod-needs' : '';
    });
    const saved = new Debouncer(() => model.refresh(), SAVED);
    serviceManager.contents.fileChanged.connect((_, change) => {
      if (change.type === 'save') {
        void saved.invoke();
      }
    });
    panel.disposed.connect(() => {
      saved.dispose();
      model.dispose();
    });
    void app.started.then(() => model.begin());

    commands.addCommand(CommandIDs.openHome, {
      label: trans.__('Home'),
      caption: trans.__('What needs you now, and what happened lately'),
      icon: studioIcon,
      execute: () => {
        shell.activateById(ID);
        panel.node.querySelector<HTMLElement>('button')?.focus();
      }
    });
    palette?.addItem({ command: CommandIDs.openHome, category: trans.__('Studio') });
  }
};

export const plugins: JupyterFrontEndPlugin<any>[] = [home];
