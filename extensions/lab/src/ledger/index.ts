/** The plugins of the capability "ledger": who did what, in the main area. */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { ledgerIcon } from '../icons';
import { IStudio } from '../tokens';
import { DOMAIN } from '../translation';
import { Panel } from '../ui';
import { LedgerView } from './view';

const ID = 'studio-ledger';

const ledger: JupyterFrontEndPlugin<void> = {
  id: '@notebook-studio/lab:ledger',
  description: 'The ledger in the main area: who did what, and whether the record is whole.',
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
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const tracker = new WidgetTracker<Panel>({ namespace: ID });
    commands.addCommand(CommandIDs.openLedger, {
      label: trans.__('Ledger'),
      caption: trans.__('Who did what, and whether the record is whole'),
      icon: ledgerIcon,
      execute: async () => {
        let widget = tracker.find(() => true);
        if (!widget) {
          widget = new Panel({
            id: ID,
            title: trans.__('Ledger'),
            icon: ledgerIcon,
            trans,
            label: true,
            content: visible => React.createElement(LedgerView, { studio, trans, visible })
          });
          shell.add(widget, 'main', { type: 'Studio' });
          await tracker.add(widget);
        }
        shell.activateById(widget.id);
        return widget;
      }
    });
    palette?.addItem({ command: CommandIDs.openLedger, category: trans.__('Studio') });
    if (restorer) {
      void restorer.restore(tracker, { command: CommandIDs.openLedger, name: () => ID });
    }
  }
};

export const plugins: JupyterFrontEndPlugin<any>[] = [ledger];
