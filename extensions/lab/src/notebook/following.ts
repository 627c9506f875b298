/**
 * Which notebook is in front: one model for each notebook that is open, and the one that the panel shows.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { NotebookState } from '../api';
import type { INotebookState, IStudio } from '../tokens';
import type { IDialogs } from './dialogs';
import { LabNotebook } from './hosted';
import { NotebookModel } from './model';
import type { IFollowing } from './panel';

export interface IFollowerOptions {
  shell: JupyterFrontEnd.IShell;
  tracker: INotebookTracker;
  studio: IStudio;
  dialogs: IDialogs;
  trans: TranslationBundle;
  /** Told each model once, with the notebook that it is about. */
  opened: (model: NotebookModel, notebook: LabNotebook) => void;
}

/** Follows Lab's notebooks. */
export class Follower implements IFollowing, INotebookState, IDisposable {
  private readonly _options: IFollowerOptions;
  private readonly _models = new Map<NotebookPanel, NotebookModel>();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _modelChanged = new Signal<this, void>(this);
  private _model: NotebookModel | null = null;
  private _isDisposed = false;

  constructor(options: IFollowerOptions) {
    this._options = options;
    const { tracker, shell } = options;
    tracker.forEach(panel => this._open(tracker, panel));
    tracker.widgetAdded.connect(this._open, this);
    tracker.currentChanged.connect(this._look, this);
    shell.currentChanged?.connect(this._look, this);
    this._look();
    window.addEventListener('focus', this._onFocus);
  }

  get model(): NotebookModel | null {
    return this._model;
  }

  get modelChanged(): ISignal<this, void> {
    return this._modelChanged;
  }

  get current(): NotebookState | null {
    return this._model?.state ?? null;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.removeEventListener('focus', this._onFocus);
    this._models.forEach(model => model.notebook.dispose()); // which ends the model
    this._models.clear();
    Signal.clearData(this);
  }

  private _open(_: INotebookTracker, panel: NotebookPanel): void {
    const { shell, studio, dialogs, trans, opened } = this._options;
    const notebook = new LabNotebook(panel, () => shell.activateById(panel.id));
    const model = new NotebookModel({ studio, notebook, dialogs, trans });
    this._models.set(panel, model);
    notebook.disposed.connect(() => {
      this._models.delete(panel);
      this._look();
    }, this);
    opened(model, notebook);
    this._look();
  }

  private _look(): void {
    const { shell, tracker } = this._options;
    // Before the layout is restored nothing is in front as far as the shell knows.
    const front = shell.currentWidget ?? tracker.currentWidget;
    const model = this._models.get(front as NotebookPanel) ?? null;
    if (model === this._model) {
      return;
    }
    if (this._model && !this._model.isDisposed) {
      this._model.front = false;
      this._model.changed.disconnect(this._tell, this);
    }
    this._model = model;
    if (model) {
      model.changed.connect(this._tell, this);
      model.front = true;
    }
    this._modelChanged.emit();
    this._tell();
  }

  private readonly _onFocus = (): void => this._model?.look();

  private _tell(): void {
    this._changed.emit();
  }
}
