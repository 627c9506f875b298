/**
 * The commands that open pipelines and runs in the main area.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { InputDialog, type WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { pipelineIcon } from '../icons';
import type { IStudioClient } from '../tokens';
import { tell } from '../ui';
import { PipelinePanel, RunsPanel, type IPanelParts } from './panels';

/** Commands that only this capability has. */
export namespace PipelineCommandIDs {
  /** `{path?}`: put a notebook into a pipeline. */
  export const add = 'studio:add-to-pipeline';
  /** `{pipeline?}`: open a pipeline at its form. */
  export const runPipeline = 'studio:run-pipeline';
}

/** Add them; a pipeline that is open already comes to the front. */
export function addOpening(
  app: JupyterFrontEnd,
  parts: IPanelParts,
  graphs: WidgetTracker<PipelinePanel>,
  lists: WidgetTracker<RunsPanel>
): void {
  const { commands, shell } = app;
  const { trans, studio } = parts;

  const open = async (pipeline: string, run: string): Promise<PipelinePanel> => {
    let panel = graphs.find(one => one.model.name === pipeline);
    if (!panel) {
      panel = new PipelinePanel(pipeline, run, parts);
      shell.add(panel, 'main');
      await graphs.add(panel);
    } else if (run) {
      panel.model.choose(run);
    }
    shell.activateById(panel.id);
    return panel;
  };

  commands.addCommand(CommandIDs.openPipeline, {
    label: args => (args['pipeline'] ? String(args['pipeline']) : trans.__('Open Pipeline…')),
    caption: trans.__('The graph of a pipeline, live, with its runs'),
    icon: pipelineIcon,
    execute: async args => {
      const pipeline = String(args['pipeline'] ?? '') || (await chosen(trans, studio.client));
      return pipeline ? open(pipeline, String(args['run'] ?? '')) : undefined;
    }
  });

  commands.addCommand(PipelineCommandIDs.runPipeline, {
    label: args =>
      args['pipeline'] ? trans.__('Run %1…', String(args['pipeline'])) : trans.__('Run Pipeline…'),
    caption: trans.__('Open a pipeline at the form of its parameters'),
    icon: pipelineIcon,
    execute: async args => {
      const pipeline = String(args['pipeline'] ?? '') || (await chosen(trans, studio.client));
      if (!pipeline) {
        return undefined;
      }
      const panel = await open(pipeline, '');
      panel.model.open('form');
      return panel;
    }
  });

  commands.addCommand(CommandIDs.openRuns, {
    label: trans.__('Runs'),
    caption: trans.__('The runs of all pipelines, newest first'),
    icon: pipelineIcon,
    execute: async args => {
      const pipeline = String(args['pipeline'] ?? '');
      let panel = lists.currentWidget;
      if (!panel) {
        panel = new RunsPanel(pipeline, parts);
        panel.chosen.connect(one => void lists.save(one));
        shell.add(panel, 'main');
        await lists.add(panel);
      } else if (pipeline) {
        panel.pipeline = pipeline;
      }
      shell.activateById(panel.id);
      return panel;
    }
  });
}

/** Ask which pipeline; empty where the person gave up, or there is none. */
async function chosen(trans: TranslationBundle, client: IStudioClient): Promise<string> {
  try {
    const { pipelines } = await client.get('pipelines');
    if (!pipelines.length) {
      await tell(
        trans.__('Open a pipeline'),
        trans.__('There is no pipeline yet. Next: make one with the command New Pipeline.'),
        trans
      );
      return '';
    }
    const result = await InputDialog.getItem({
      title: trans.__('Which pipeline?'),
      items: pipelines.map(pipeline => pipeline.name)
    });
    return result.button.accept ? (result.value ?? '') : '';
  } catch (reason) {
    await tell(trans.__('The pipelines cannot be listed'), reason, trans);
    return '';
  }
}
