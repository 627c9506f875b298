/**
 * The commands that write a pipeline's file.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Written } from '../api';
import { CommandIDs, run } from '../commands';
import { pipelineIcon } from '../icons';
import type { IStudio } from '../tokens';
import { tell } from '../ui';
import { askAdd, askNew } from './dialogs';
import { PipelineCommandIDs } from './opening';

export interface IWritingParts {
  studio: IStudio;
  trans: TranslationBundle;
  notebooks: INotebookTracker | null;
  browser: IDefaultFileBrowser | null;
}

/** Add them. */
export function addWriting(app: JupyterFrontEnd, parts: IWritingParts): void {
  const { commands } = app;
  const { studio, trans, notebooks, browser } = parts;
  const inFront = (): string => notebooks?.currentWidget?.context.path ?? '';

  const done = (written: Written | null): void => {
    if (written) {
      studio.refresh();
      run(commands, CommandIDs.openPipeline, { pipeline: written.pipeline });
    }
  };

  commands.addCommand(PipelineCommandIDs.add, {
    label: trans.__('Add Notebook to Pipeline…'),
    caption: trans.__('Make the notebook a step of a pipeline'),
    icon: pipelineIcon,
    isEnabled: args => Boolean(args['path'] ?? inFront()),
    execute: async args => {
      try {
        done(await askAdd(trans, studio.client, String(args['path'] ?? inFront())));
      } catch (reason) {
        await tell(trans.__('The notebook was not added to a pipeline'), reason, trans);
      }
    }
  });

  commands.addCommand(CommandIDs.newPipeline, {
    label: trans.__('New Pipeline…'),
    caption: trans.__('Make a pipeline of notebooks'),
    icon: pipelineIcon,
    execute: async args => {
      const given = (args['notebooks'] as string[] | undefined) ?? [];
      const marked = [...(browser?.selectedItems() ?? [])]
        .filter(item => item.type === 'notebook')
        .map(item => item.path);
      const open: string[] = [];
      notebooks?.forEach(panel => void open.push(panel.context.path));
      const offered = [...new Set([...given, ...marked, ...open])];
      const chosen = given.length ? given : marked.length ? marked : [inFront()].filter(Boolean);
      done(
        await askNew(trans, studio.client, {
          name: String(args['name'] ?? ''),
          notebooks: offered,
          chosen
        })
      );
    }
  });
}
