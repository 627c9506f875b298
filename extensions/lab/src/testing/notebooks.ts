/**
 * A notebook without Lab, and what the server would say of it, for tests of the Notebook panel.
 */
import { Signal } from '@lumino/signaling';

import type { ActivityEvent, DatasetUse, Finding, NotebookState, State, TestCase } from '../api';
import type { IAskedText, IDialogs } from '../notebook/dialogs';
import type { Change, ICellPlace, IOpenCell, IOpenNotebook } from '../notebook/open';

/** A notebook that a test edits by hand. */
export class FakeNotebook implements IOpenNotebook {
  path = 'notebooks/train.ipynb';
  dirty = false;
  writable = true;
  written = '2026-03-01T09:00:00Z';
  cells: IOpenCell[];
  selected: string[] = [];
  /** Whether saving succeeds. */
  saves = true;
  readonly changed = new Signal<this, Change>(this);
  readonly disposed = new Signal<this, void>(this);
  readonly ready = Promise.resolve();
  readonly jumps: ICellPlace[] = [];
  /** What was done, in order. */
  readonly done: string[] = [];
  isDisposed = false;

  constructor(
    cells: IOpenCell[] = [aCell('c1'), aCell('c2', { tags: ['parameters'], source: 'n: int = 1' })]
  ) {
    this.cells = cells;
  }

  async save(): Promise<boolean> {
    this.done.push('save');
    if (this.saves) {
      this.dirty = false;
      this.changed.emit({ kind: 'saved' });
    }
    return this.saves;
  }

  async revert(): Promise<void> {
    this.done.push('revert');
    this.dirty = false;
    this.changed.emit({ kind: 'saved' });
  }

  async jump(place: ICellPlace): Promise<void> {
    this.jumps.push(place);
  }

  write(cell: string, source: string): boolean {
    return this.edit(cell, source);
  }

  /** What typing does. */
  edit(cell: string, source: string): boolean {
    const found = this.cells.find(one => one.id === cell);
    if (found) {
      Object.assign(found, { source }); // a cell of Lab is what it is when it is read, too
      this.dirty = true;
      this.changed.emit({ kind: 'source', cell });
    }
    return found !== undefined;
  }

  tag(cell: string, tags: readonly string[]): void {
    this.cells = this.cells.map(one => (one.id === cell ? { ...one, tags } : one));
    this.changed.emit({ kind: 'cells' });
  }

  insert(index: number, source: string, tags: readonly string[]): string {
    this.cells = [
      ...this.cells.slice(0, index),
      aCell('new', { source, tags }),
      ...this.cells.slice(index)
    ];
    this.changed.emit({ kind: 'cells' });
    return 'new';
  }

  dispose(): void {
    this.isDisposed = true;
    this.disposed.emit();
  }
}

/** A person who agrees, or does not. */
export class FakeDialogs implements IDialogs {
  /** What is answered to the next questions; true for all others. */
  answers: boolean[] = [];
  /** What is written. */
  text: string | null = 'Because';
  readonly asked: string[] = [];
  readonly told: string[] = [];

  async confirm(title: string): Promise<boolean> {
    this.asked.push(title);
    return this.answers.shift() ?? true;
  }

  async ask(asked: IAskedText): Promise<string | null> {
    this.asked.push(`${asked.title} [${asked.accept}]`);
    return this.text;
  }

  tell(text: string): void {
    this.told.push(text);
  }
}

export function aCell(id: string, other: Partial<IOpenCell> = {}): IOpenCell {
  return { id, type: 'code', source: '', tags: [], ...other };
}

/** What the server says of a sound notebook without tests. */
export function aNotebookState(other: Partial<NotebookState> = {}): NotebookState {
  return {
    subject: 'notebooks/train.ipynb',
    problem: '',
    title: 'Train the model',
    state: anApproval(),
    cells: [
      { id: 'c1', number: 1, role: 'code' },
      { id: 'c2', number: 2, role: 'parameters' }
    ],
    parameters: {
      cell: 2,
      cell_id: 'c2',
      fields: [
        {
          name: 'n',
          annotation: 'int',
          default: 1,
          required: false,
          help: 'how many',
          secret: false
        },
        {
          name: 'key',
          annotation: 'SecretStr',
          default: 'KEY',
          required: false,
          help: 'of the shop',
          secret: true
        }
      ],
      json_schema: {
        type: 'object',
        properties: { n: { type: 'integer', default: 1 }, key: { type: 'string', default: 'KEY' } }
      },
      problem: ''
    },
    datasets: [],
    findings: [],
    tests: { cases: [], tested: null },
    pipelines: [],
    problems: {},
    ...other
  };
}

export function anApproval(other: Partial<State> = {}): State {
  return {
    subject: 'notebooks/train.ipynb',
    status: 'draft',
    reasons: ['notebooks/train.ipynb was never approved.'],
    changes: [],
    changed_cells: [],
    approvers: [],
    next: 'studio review submit notebooks/train.ipynb',
    notes: [],
    submission: '',
    ...other
  };
}

export function aDataset(other: Partial<DatasetUse> = {}): DatasetUse {
  return {
    name: 'customers',
    verb: 'load',
    cell: 1,
    cell_id: 'c1',
    line: 3,
    contract: 'customers',
    contract_path: 'pipelines/contracts/customers.yml',
    rows: 12345,
    created: '2026-03-01T10:00:00Z',
    made_by: '20260301-100000-abcdef / ingest',
    problem: '',
    up: [],
    down: [],
    ...other
  };
}

export function aFinding(other: Partial<Finding> = {}): Finding {
  return {
    rule: 'unused-import',
    cell: 1,
    cell_id: 'c1',
    line: 2,
    message: "The import of 'json' is never used.",
    fix: 'remove it.',
    fixable: true,
    ...other
  };
}

export function aTest(name: string, other: Partial<TestCase> = {}): TestCase {
  return {
    name,
    rung: 'code',
    status: 'not run',
    seconds: 0,
    message: '',
    detail: '',
    output: '',
    cell: 1,
    cell_id: 'c1',
    line: 1,
    ...other
  };
}

/** An event of an activity. */
export function anEvent(
  kind: ActivityEvent['kind'],
  other: Partial<ActivityEvent> = {}
): ActivityEvent {
  return {
    number: 1,
    time: '2026-03-01T10:00:01Z',
    kind,
    run: '',
    step: '',
    attempt: 0,
    done: 0,
    total: 0,
    status: '',
    seconds: 0,
    text: '',
    subject: '',
    detail: '',
    result: null,
    ...other
  };
}
