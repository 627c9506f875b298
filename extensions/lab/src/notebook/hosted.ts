/**
 * An open notebook of Lab behind the interface that Studio's panel works with.
 */
import type { Cell, ICellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { IChangedArgs } from '@jupyterlab/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Change, ICellPlace, IOpenCell, IOpenNotebook } from './open';

/** A notebook panel of Lab, followed until it is closed. */
export class LabNotebook implements IOpenNotebook {
  readonly panel: NotebookPanel;
  readonly ready: Promise<void>;
  private readonly _show: () => void;
  private readonly _changed = new Signal<this, Change>(this);
  private readonly _disposed = new Signal<this, void>(this);
  /** The text of each cell that is followed: Lab tells of outputs and of texts by the same signal. */
  private readonly _texts = new Map<ICellModel, string>();
  private _isDisposed = false;

  /** @param show - Bring the panel to the front. */
  constructor(panel: NotebookPanel, show: () => void) {
    this.panel = panel;
    this._show = show;
    this.ready = panel.context.ready.then(() => this._begin());
    panel.disposed.connect(this.dispose, this);
  }

  get path(): string {
    return this.panel.context.path;
  }

  get dirty(): boolean {
    return this._model?.dirty ?? false;
  }

  get writable(): boolean {
    return this.panel.context.contentsModel?.writable ?? true;
  }

  get written(): string {
    return this.panel.context.contentsModel?.last_modified ?? '';
  }

  get cells(): readonly IOpenCell[] {
    const cells = this._model?.cells;
    return cells ? Array.from(cells, model => shown(model)) : [];
  }

  get selected(): readonly string[] {
    const { content } = this.panel;
    return content.widgets
      .filter(cell => content.isSelectedOrActive(cell))
      .map(cell => cell.model.id);
  }

  get changed(): ISignal<this, Change> {
    return this._changed;
  }

  get disposed(): ISignal<this, void> {
    return this._disposed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  async save(): Promise<boolean> {
    if (!this.writable) {
      return false;
    }
    try {
      await this.panel.context.save();
    } catch {
      return false; // Lab has shown its own dialog, or the person has chosen not to save
    }
    return !this.dirty;
  }

  async revert(): Promise<void> {
    const { content } = this.panel;
    const active = content.activeCellIndex;
    const top = content.node.querySelector('.jp-WindowedPanel-outer')?.scrollTop ?? 0;
    await this.panel.context.revert();
    if (!this._isDisposed) {
      content.activeCellIndex = Math.min(active, content.widgets.length - 1);
      content.node.querySelector('.jp-WindowedPanel-outer')?.scrollTo({ top });
    }
  }

  async jump(place: ICellPlace): Promise<void> {
    const { content } = this.panel;
    const byId = content.widgets.findIndex(cell => cell.model.id === place.id);
    const index = byId >= 0 ? byId : place.number - 1;
    const cell: Cell | undefined = content.widgets[index];
    if (!cell) {
      return;
    }
    this._show();
    content.deselectAll();
    content.activeCellIndex = index;
    content.mode = 'command';
    await content.scrollToItem(index, 'smart').catch(() => undefined); // it went out of sight meanwhile
    if (this._isDisposed || cell.isDisposed) {
      return;
    }
    if (place.line && cell.model.type === 'code') {
      await cell.ready;
      const line = Math.min(place.line, cell.editor?.lineCount ?? 1) - 1;
      cell.editor?.setCursorPosition({ line, column: 0 });
      cell.editor?.revealPosition({ line, column: 0 });
    }
    content.activate();
  }

  write(cell: string, source: string): boolean {
    const model = this._find(cell);
    model?.sharedModel.setSource(source);
    return model !== undefined;
  }

  tag(cell: string, tags: readonly string[]): void {
    const model = this._find(cell);
    if (tags.length > 0) {
      model?.setMetadata('tags', [...tags]);
    } else {
      model?.deleteMetadata('tags');
    }
  }

  insert(index: number, source: string, tags: readonly string[]): string {
    const { content } = this.panel;
    const metadata = tags.length > 0 ? { tags: [...tags] } : {};
    this._model?.sharedModel.insertCell(index, { cell_type: 'code', source, metadata });
    content.deselectAll();
    content.activeCellIndex = index;
    return content.widgets[index]?.model.id ?? '';
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._texts.clear();
    this._disposed.emit();
    Signal.clearData(this); // everything below was connected with this as its receiver
  }

  private get _model(): INotebookModel | null {
    return this._isDisposed || this.panel.isDisposed ? null : this.panel.content.model;
  }

  private _begin(): void {
    const model = this._model;
    if (!model) {
      return;
    }
    const { context, content } = this.panel;
    context.fileChanged.connect(this._onSaved, this);
    context.saveState.connect(this._onSaveState, this);
    context.pathChanged.connect(this._onMoved, this);
    model.stateChanged.connect(this._onState, this);
    model.cells.changed.connect(this._onCells, this);
    content.activeCellChanged.connect(this._onActive, this);
    content.selectionChanged.connect(this._onActive, this);
    this._follow();
  }

  /** Follow the cells that are there now, and only these. */
  private _follow(): void {
    const cells = new Set(this._model?.cells ?? []);
    for (const model of this._texts.keys()) {
      if (!cells.has(model)) {
        this._texts.delete(model); // its signals went with it
      }
    }
    for (const model of cells) {
      if (!this._texts.has(model)) {
        this._texts.set(model, model.sharedModel.getSource());
        model.contentChanged.connect(this._onContent, this);
        model.metadataChanged.connect(this._onTags, this);
      }
    }
  }

  private _onSaved(): void {
    this._changed.emit({ kind: 'saved' });
  }

  private _onSaveState(_: unknown, state: DocumentRegistry.SaveState): void {
    if (state.startsWith('completed')) {
      this._changed.emit({ kind: 'saved' });
    }
  }

  private _onMoved(): void {
    this._changed.emit({ kind: 'moved' });
  }

  private _onState(_: unknown, change: IChangedArgs<any>): void {
    if (change.name === 'dirty') {
      this._changed.emit({ kind: 'dirty' });
    }
  }

  private _onCells(): void {
    this._follow();
    this._changed.emit({ kind: 'cells' });
  }

  private _onTags(_: ICellModel, change: { key?: string }): void {
    if (change.key === undefined || change.key === 'tags') {
      this._changed.emit({ kind: 'cells' });
    }
  }

  private _onContent(model: ICellModel): void {
    const source = model.sharedModel.getSource();
    if (this._texts.get(model) !== source) {
      this._texts.set(model, source);
      this._changed.emit({ kind: 'source', cell: model.id });
    }
  }

  private _onActive(): void {
    this._changed.emit({ kind: 'active' });
  }

  private _find(cell: string): ICellModel | undefined {
    return Array.from(this._model?.cells ?? []).find(model => model.id === cell);
  }
}

/** The text is read where it is needed: most questions are about tags. */
function shown(model: ICellModel): IOpenCell {
  const tags = model.getMetadata('tags');
  return {
    id: model.id,
    type: model.type,
    get source() {
      return model.sharedModel.getSource();
    },
    tags: Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : []
  };
}
