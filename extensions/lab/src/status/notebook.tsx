/**
 * The state of the notebook in front, as an item of the status bar that opens its panel.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { run } from '../commands';
import type { INotebookState } from '../tokens';
import { StatusBadge } from '../ui';

/** The capability `notebook` has it. */
const OPEN_PANEL = 'studio:open-notebook-panel';

export class NotebookItem extends ReactWidget {
  private readonly _state: INotebookState;
  private readonly _commands: CommandRegistry;
  private readonly _trans: TranslationBundle;

  constructor(state: INotebookState, commands: CommandRegistry, trans: TranslationBundle) {
    super();
    this._state = state;
    this._commands = commands;
    this._trans = trans;
    this.addClass('studio-StatusItem');
    state.changed.connect(this.update, this);
  }

  /** Whether there is something to show. */
  get isActive(): boolean {
    return Boolean(this._state.current?.state ?? this._state.current?.problem);
  }

  override dispose(): void {
    this._state.changed.disconnect(this.update, this);
    super.dispose();
  }

  protected override render(): JSX.Element | null {
    const { current } = this._state;
    if (!current || !this.isActive) {
      return null;
    }
    const status = current.state?.status ?? 'problem';
    const reasons = current.state?.reasons ?? [];
    const about = [current.problem, ...reasons].filter(Boolean).join('\n');
    return (
      <button
        type="button"
        className="studio-StatusItem-button"
        title={about || this._trans.__('The state of this notebook; opens its panel')}
        onClick={() => run(this._commands, OPEN_PANEL)}
      >
        <StatusBadge status={status} trans={this._trans} />
      </button>
    );
  }
}
