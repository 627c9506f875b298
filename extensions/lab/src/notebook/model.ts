/**
 * What Studio knows of one open notebook, and what can be done with it: the panel, the cells' marks and the commands all
 * work with this.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Activity, ActivityEvent, JsonValue, NotebookState, StartTests } from '../api';
import { StudioFault } from '../fault';
import type { ActivityKind, IStudio } from '../tokens';
import type { ICourse } from './course';
import { Courses, type ICoursesListener, tests } from './courses';
import type { IDialogs } from './dialogs';
import { markOf, parametersCell } from './marks';
import type { Change, ICellPlace, IOpenNotebook } from './open';
import { type IShownCase, Results } from './results';

/** Milliseconds after a save before the server is asked: Lab tells of one save several times. */
const PAUSE = 60;
/** Milliseconds after which an answer is old to somebody who comes back to the page. */
const OLD = 15000;

/** What the panel shows and does. */
export interface INotebookModel {
  readonly notebook: IOpenNotebook;
  /** What the server told about the file as it was saved last; null before it did. */
  readonly state: NotebookState | null;
  /** Why it could not tell. */
  readonly fault: StudioFault | null;
  /** Whether the server is being asked. */
  readonly busy: boolean;
  /** The tests, with what is known of them now. */
  readonly cases: readonly IShownCase[];
  readonly changed: ISignal<INotebookModel, void>;

  /** What goes on, or ended last, of a kind. */
  course(kind: ActivityKind): ICourse | null;
  /** Forget what ended. */
  forget(kind: ActivityKind): void;
  refresh(): Promise<void>;
  jump(place: ICellPlace): Promise<void>;
  /** Save the notebook and look at it anew; false where it could not be saved. */
  check(): Promise<boolean>;
  /** Mend what can be mended; these rules, or all. Sentences that say what was done; null where the person gave up. */
  fix(rules: readonly string[]): Promise<readonly string[] | null>;
  /** Save the notebook and run its tests: these, or all. */
  test(names: readonly string[], rungs?: StartTests['rungs']): Promise<boolean>;
  /** Save the notebook and run it with these values. */
  run(values: { readonly [name: string]: JsonValue }): Promise<boolean>;
  /** Save the notebook and submit it for review. */
  submit(message: string): Promise<boolean>;
  stop(kind: ActivityKind): Promise<void>;
  /** Write values into the parameters cell, without saving. */
  write(values: { readonly [name: string]: JsonValue }): Promise<void>;
}

export interface INotebookModelOptions {
  studio: IStudio;
  notebook: IOpenNotebook;
  dialogs: IDialogs;
  trans: TranslationBundle;
}

/** The model of one open notebook; it ends with it. */
export class NotebookModel implements INotebookModel, ICoursesListener, IDisposable {
  readonly notebook: IOpenNotebook;
  private readonly _studio: IStudio;
  private readonly _dialogs: IDialogs;
  private readonly _trans: TranslationBundle;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _results = new Results();
  private readonly _courses: Courses;
  private _state: NotebookState | null = null;
  private _cases: readonly IShownCase[] | null = null;
  private _fault: StudioFault | null = null;
  private _asking: AbortController | null = null;
  private _timer = 0;
  private _asked = 0;
  private _old = true;
  private _front = false;
  private _ready = false;
  private _isDisposed = false;

  constructor(options: INotebookModelOptions) {
    this.notebook = options.notebook;
    this._studio = options.studio;
    this._dialogs = options.dialogs;
    this._trans = options.trans;
    this._courses = new Courses(this._studio.activities, this, this._trans);
    this.notebook.changed.connect(this._onNotebook, this);
    this.notebook.disposed.connect(this.dispose, this);
    this._studio.refreshed.connect(this._onRefreshed, this);
    this._studio.activities.changed.connect(this._adopt, this);
    void this.notebook.ready.then(() => this._begin());
  }

  get state(): NotebookState | null {
    return this._state;
  }

  get fault(): StudioFault | null {
    return this._fault;
  }

  get busy(): boolean {
    return this._asking !== null;
  }

  get cases(): readonly IShownCase[] {
    this._cases ??= this._results.merged(this._state?.tests.cases ?? []);
    return this._cases;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether it is in front: only then the server is asked. */
  get front(): boolean {
    return this._front;
  }
  set front(front: boolean) {
    this._front = front;
    if (front && this._old && this._ready) {
      void this.refresh();
    }
  }

  course(kind: ActivityKind): ICourse | null {
    return this._courses.get(kind);
  }

  forget(kind: ActivityKind): void {
    if (this._courses.forget(kind)) {
      this.onChanged();
    }
  }

  /** Ask anew if the latest answer is old: others may have decided about the notebook meanwhile. */
  look(): void {
    if (Date.now() - this._asked > OLD) {
      this._outdated();
    }
  }

  async refresh(): Promise<void> {
    this._asked = Date.now();
    window.clearTimeout(this._timer);
    this._asking?.abort();
    const asking = new AbortController();
    this._asking = asking;
    this._old = false;
    this.onChanged();
    try {
      const { path } = this.notebook;
      const state = await this._studio.client.get('notebooks/state', { path }, asking.signal);
      if (this._asking === asking) {
        this._state = state;
        this._fault = null;
        if (!this.notebook.dirty) {
          this._results.settle(state);
        }
      }
    } catch (reason) {
      if (this._asking === asking) {
        this._fault = StudioFault.of(reason);
      }
    }
    if (this._asking === asking) {
      this._asking = null;
      this._adopt();
      this.onChanged();
    }
  }

  jump(place: ICellPlace): Promise<void> {
    return this.notebook.jump(place);
  }

  async check(): Promise<boolean> {
    if (!(await this._saved())) {
      return false;
    }
    await this.refresh();
    return true;
  }

  async fix(rules: readonly string[]): Promise<readonly string[] | null> {
    const trans = this._trans;
    if (this.notebook.dirty) {
      const agreed = await this._dialogs.confirm(
        trans.__('Mend the notebook'),
        trans.__(
          'The notebook has unsaved changes. They are saved first, then the file is mended.'
        ),
        trans.__('Save and mend')
      );
      if (!agreed || !(await this._saved())) {
        return null;
      }
    }
    const { path } = this.notebook;
    const { fixed } = await this._studio.client.post('notebooks/fix', { path, rules: [...rules] });
    if (fixed.length > 0 && (!this.notebook.dirty || (await this._loses()))) {
      await this.notebook.revert();
    }
    await this.refresh();
    return fixed;
  }

  async test(names: readonly string[], rungs: StartTests['rungs'] = ['code']): Promise<boolean> {
    if (!(await this._saved())) {
      return false;
    }
    const asked = { names: [this.notebook.path], rungs, tests: [...names] };
    await this._courses.start('test', asked, names);
    return true;
  }

  async run(values: { readonly [name: string]: JsonValue }): Promise<boolean> {
    if (!(await this._saved())) {
      return false;
    }
    const asked = { name: this.notebook.path, values: { ...values } };
    await this._courses.start('run', asked);
    return true;
  }

  async submit(message: string): Promise<boolean> {
    if (!(await this._saved())) {
      return false;
    }
    const asked = { names: [this.notebook.path], message };
    await this._courses.start('submit', asked);
    return true;
  }

  async stop(kind: ActivityKind): Promise<void> {
    await this._courses.stop(kind);
  }

  async write(values: { readonly [name: string]: JsonValue }): Promise<void> {
    const cell = parametersCell(this.notebook);
    if (!cell) {
      throw new StudioFault(0, {
        message: this._trans.__('The notebook has no parameters cell.'),
        next: this._trans.__('mark a code cell as parameters.')
      });
    }
    const { path } = this.notebook;
    const asked = { path, source: cell.source, values: { ...values } };
    const { source } = await this._studio.client.post('notebooks/parameters', asked);
    const now = parametersCell(this.notebook);
    if (now?.id !== cell.id || now.source !== asked.source) {
      throw new StudioFault(0, {
        message: this._trans.__(
          'The parameters cell was edited meanwhile, so nothing was written into it.'
        ),
        next: this._trans.__('try again.')
      });
    }
    this.notebook.write(cell.id, source);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    this._asking?.abort();
    this._asking = null;
    this._courses.dispose();
    Signal.clearData(this);
  }

  private _begin(): void {
    this._ready = true;
    if (this._front && !this._isDisposed) {
      void this.refresh();
    }
  }

  /** Make sure that the file is what is in front of the person. */
  private async _saved(): Promise<boolean> {
    await this.notebook.ready;
    if (!this.notebook.dirty) {
      return true;
    }
    if (!this.notebook.writable) {
      throw new StudioFault(0, {
        message: this._trans.__('The notebook has unsaved changes and its file cannot be written.'),
        next: this._trans.__('save it under another name.')
      });
    }
    return this.notebook.save();
  }

  /** Whether unsaved changes that came while the file was mended may be lost. */
  private _loses(): Promise<boolean> {
    const trans = this._trans;
    return this._dialogs.confirm(
      trans.__('The file was mended'),
      trans.__(
        'Meanwhile the notebook was changed here. Reading the mended file loses these changes.'
      ),
      trans.__('Read the file'),
      true
    );
  }

  onBegun(activity: Activity, names: readonly string[]): void {
    if (tests(activity.kind)) {
      const all = this.cases.filter(one => one.rung === 'code').map(one => one.name);
      this._results.begin(names.length > 0 ? names : all);
    }
  }

  onEvent(event: ActivityEvent): void {
    if (event.kind === 'case' && this._state && event.subject === this._state.subject) {
      this._results.hear(event, this._state.tests.cases);
    }
  }

  onEnded(course: ICourse, past: boolean): void {
    if (tests(course.activity.kind)) {
      this._results.end(this._state?.subject ?? '', course.result, this._state?.cells ?? []);
    }
    if (past) {
      this.onChanged();
    } else {
      this._outdated();
    }
  }

  onChanged(): void {
    this._cases = null;
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _adopt(): void {
    if (this._state?.subject) {
      this._courses.adopt(this._state.subject, this.notebook.written);
    }
  }

  private _onNotebook(_: IOpenNotebook, change: Change): void {
    switch (change.kind) {
      case 'saved':
        this._outdated();
        break;
      case 'moved':
        this._state = null;
        this._results.clear();
        this._outdated();
        break;
      case 'source': {
        const cell = this.notebook.cells.find(one => one.id === change.cell);
        if (!this._results.edit(change.cell, cell?.type === 'code' && markOf(cell) !== 'scratch')) {
          return;
        }
        break;
      }
      case 'active':
        return;
    }
    this.onChanged();
  }

  private _onRefreshed(): void {
    this._outdated();
  }

  /** The server may tell something else now: ask it, soon and once, or when the notebook is in front again. */
  private _outdated(): void {
    this._old = true;
    if (this._front && this._ready && !this._isDisposed) {
      window.clearTimeout(this._timer);
      this._timer = window.setTimeout(() => void this.refresh(), PAUSE);
    }
  }
}
