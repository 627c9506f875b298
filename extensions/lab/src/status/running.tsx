/**
 * What goes on, as an item of the status bar that opens Home, or the one run that goes on.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs, run } from '../commands';
import type { IActivities } from '../tokens';
import { StatusBadge } from '../ui';

export class RunningItem extends ReactWidget {
  private readonly _activities: IActivities;
  private readonly _commands: CommandRegistry;
  private readonly _trans: TranslationBundle;

  constructor(activities: IActivities, commands: CommandRegistry, trans: TranslationBundle) {
    super();
    this._activities = activities;
    this._commands = commands;
    this._trans = trans;
    this.addClass('studio-StatusItem');
    activities.changed.connect(this.update, this);
  }

  override dispose(): void {
    this._activities.changed.disconnect(this.update, this);
    super.dispose();
  }

  protected override render(): JSX.Element | null {
    const { running } = this._activities;
    const trans = this._trans;
    if (running.length === 0) {
      return null;
    }
    const [only] = running;
    const text = running.length === 1 ? only.title : trans.__('%1 running', running.length);
    const open = (): void => {
      const { pipeline } = only;
      const isRun = only.kind === 'run' || only.kind === 'resume';
      if (running.length === 1 && isRun && pipeline) {
        run(this._commands, CommandIDs.openPipeline, {
          pipeline,
          ...(only.run ? { run: only.run } : {})
        });
      } else {
        run(this._commands, CommandIDs.openHome);
      }
    };
    return (
      <button
        type="button"
        className="studio-StatusItem-button"
        title={running.map(one => one.title).join('\n')}
        onClick={open}
      >
        <StatusBadge status="running" text={text} trans={trans} />
      </button>
    );
  }
}
