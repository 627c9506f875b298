/**
 * The widgets of this capability in Lab's main area: one for each open pipeline, and one for all runs.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import * as React from 'react';

import { pipelineIcon } from '../icons';
import type { IStudio } from '../tokens';
import { Panel } from '../ui';
import type { IActions } from './actions';
import { AllRuns } from './allRuns';
import { PipelineModel } from './model';
import { PipelineView } from './view';

export interface IPanelParts {
  studio: IStudio;
  actions: IActions;
  trans: TranslationBundle;
}

/** How the identifier of a pipeline's widget begins. */
const PREFIX = 'studio-pipeline-';

/** The identifier of a pipeline's widget. */
export function panelId(pipeline: string): string {
  return PREFIX + pipeline.replace(/[^\w-]+/g, '-');
}

/** A panel in the main area, which takes the focus when it comes to the front: then Lab knows that it is in front. */
class MainPanel extends Panel {
  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (!this.node.contains(document.activeElement)) {
      this.node.tabIndex = -1;
      this.node.focus();
    }
  }
}

/** One pipeline. */
export class PipelinePanel extends MainPanel {
  readonly model: PipelineModel;

  constructor(pipeline: string, run: string, parts: IPanelParts) {
    const { studio, actions, trans } = parts;
    const model = new PipelineModel(pipeline, studio);
    super({
      id: panelId(pipeline),
      title: pipeline,
      icon: pipelineIcon,
      trans,
      label: true,
      content: () => <PipelineView trans={trans} model={model} actions={actions} />
    });
    this.model = model;
    this._first = run;
    this.title.caption = trans.__('Pipeline %1', pipeline);
    this.node.setAttribute('aria-label', this.title.caption);
  }

  override dispose(): void {
    this.model.dispose();
    super.dispose();
  }

  /** Nothing is asked for before somebody looks: a restored layout may hold many pipelines. */
  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._look(true);
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._look(this.isVisible);
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._look(false);
  }

  private _look(visible: boolean): void {
    if (visible && !this._loaded) {
      this._loaded = true;
      void this.model.load(this._first);
    }
    this.model.visible = visible;
  }

  private _first: string;
  private _loaded = false;
}

/** The runs of all pipelines. */
export class RunsPanel extends MainPanel {
  constructor(pipeline: string, parts: IPanelParts) {
    const { studio, actions, trans } = parts;
    super({
      id: 'studio-runs',
      title: trans.__('Runs'),
      icon: pipelineIcon,
      trans,
      label: true,
      content: visible => (
        <AllRuns
          trans={trans}
          studio={studio}
          actions={actions}
          pipeline={this._pipeline}
          choosePipeline={one => (this.pipeline = one)}
          visible={visible}
        />
      )
    });
    this._pipeline = pipeline;
  }

  /** Another pipeline is chosen. */
  get chosen(): ISignal<this, void> {
    return this._chosen;
  }

  /** Whose runs are shown; empty: of all. */
  get pipeline(): string {
    return this._pipeline;
  }

  set pipeline(pipeline: string) {
    if (pipeline !== this._pipeline) {
      this._pipeline = pipeline;
      this._chosen.emit();
      this.update();
    }
  }

  private _pipeline = '';
  private _chosen = new Signal<this, void>(this);
}
