/**
 * New notebooks from templates: the command, which asks for what it is not told.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { InputDialog, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { Template } from '../api';
import { CommandIDs, run } from '../commands';
import type { IStudio } from '../tokens';
import { tell } from '../ui';
import { templateIcon } from './icons';

/** What is known of the templates; empty until the server told. */
export interface ITemplates {
  all: readonly Template[];
}

/** Where a new notebook goes, where nobody says. */
export type Folder = () => string;

/** Add the command. */
export function addNewNotebook(
  app: JupyterFrontEnd,
  studio: IStudio,
  known: ITemplates,
  folder: Folder,
  trans: TranslationBundle
): void {
  const { commands } = app;
  const named = (args: ReadonlyPartialJSONObject): Template | undefined =>
    known.all.find(one => one.name === args['template']);

  commands.addCommand(CommandIDs.newNotebook, {
    label: args => {
      const template = named(args);
      if (template) {
        return args['isPalette'] ? trans.__('New Notebook: %1', template.title) : template.title;
      }
      return trans.__('New Notebook from Template…');
    },
    caption: args =>
      named(args)?.description ?? trans.__('A notebook to begin with, for each phase of the work'),
    icon: args => templateIcon(String(args['template'] ?? '')),
    isVisible: () => studio.session !== null,
    execute: async args => {
      try {
        const template = String(args['template'] ?? '') || (await chosen(studio, trans));
        if (!template) {
          return null;
        }
        const made = await studio.client.post('notebooks/new', {
          template,
          folder: String(
            args['folder'] ??
              placeFor(String(args['cwd'] ?? folder()), studio.session?.prefix ?? '')
          ),
          name: String(args['name'] ?? '')
        });
        if (made.also.length > 0) {
          Notification.info(trans.__('Made as well: %1', made.also.join(', ')));
        }
        run(commands, 'filebrowser:refresh');
        studio.refresh();
        return await commands.execute('docmanager:open', { path: made.path });
      } catch (reason) {
        await tell(trans.__('The notebook could not be made'), reason, trans);
        return null;
      }
    }
  });
}

/**
 * Where a notebook goes that is made while somebody looks at `folder`: the workspace's notebooks stand below
 * `notebooks/`, and what stands beside it is no part of it. `prefix`: what Jupyter shows of the workspace.
 */
function placeFor(folder: string, prefix: string): string {
  const elsewhere = prefix !== '' || folder.includes(':');
  return elsewhere || /^notebooks(\/|$)/.test(folder) ? folder : 'notebooks';
}

/** Ask for the template; "" where the person thought better of it. */
async function chosen(studio: IStudio, trans: TranslationBundle): Promise<string> {
  const { templates } = await studio.client.get('notebooks/templates');
  const shown = templates.map(one => trans.__('%1: %2', one.title, one.description));
  const answer = await InputDialog.getItem({
    title: trans.__('New Notebook from Template'),
    label: trans.__('Template'),
    items: shown,
    okLabel: trans.__('Make')
  });
  const place = answer.button.accept ? shown.indexOf(answer.value ?? '') : -1;
  return place < 0 ? '' : templates[place].name;
}
