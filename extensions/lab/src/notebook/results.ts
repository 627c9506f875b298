/**
 * What came of a notebook's tests: what the server keeps, what was heard of activities since, and what edits have made
 * doubtful meanwhile.
 */
import type { ActivityEvent, CellState, JsonValue, NotebookState, TestCase } from '../api';

/** A test as it is shown. */
export interface IShownCase extends TestCase {
  /** It is being run, or waits for it. */
  readonly awaited: boolean;
  /** Code was edited after it ran, so that it may come out otherwise now. */
  readonly doubtful: boolean;
}

interface IHeard {
  readonly found: TestCase;
  readonly doubtful: boolean;
}

/** The results of one notebook. */
export class Results {
  private readonly _heard = new Map<string, IHeard>();
  /** Cells whose text differs from what the server last told about. */
  private readonly _edited = new Set<string>();
  /** Cells whose text was changed since tests began, and whether code was: what is heard of them comes too late. */
  private readonly _since = new Set<string>();
  private _codeSince = false;
  /** Names of tests that are being run. */
  private readonly _awaited = new Set<string>();

  /** These tests begin to run. */
  begin(names: readonly string[]): void {
    this._since.clear();
    this._codeSince = false;
    names.forEach(name => this._awaited.add(name));
  }

  /** One test of this notebook has been decided. */
  hear(event: ActivityEvent, known: readonly TestCase[]): void {
    const before =
      known.find(one => one.name === event.text) ?? known.find(one => isPart(event.text, one.name));
    const found: TestCase = {
      name: event.text,
      rung: before?.rung ?? 'code',
      status: statusOf(event.status),
      seconds: event.seconds,
      message: firstLine(event.detail),
      detail: event.detail,
      output: '',
      cell: before?.cell ?? null,
      cell_id: before?.cell_id ?? '',
      line: before?.line ?? null
    };
    this._keep(found);
  }

  /** The tests have ended, with this report; without one what was heard stays. */
  end(
    subject: string,
    result: { readonly [key: string]: JsonValue } | null,
    cells: readonly CellState[]
  ): void {
    this._awaited.clear();
    for (const found of reported(result)) {
      if (found.subject === subject) {
        const id = cells.find(cell => cell.number === found.case.cell)?.id ?? '';
        this._keep({ ...found.case, cell_id: id });
      }
    }
  }

  /**
   * A cell's text was changed; `counts` says whether it is code that tests could depend on. Whether anything is shown
   * otherwise by that: most keys that are typed change nothing here.
   */
  edit(cell: string, counts: boolean): boolean {
    let other = !this._edited.has(cell);
    this._edited.add(cell);
    this._since.add(cell);
    this._codeSince ||= counts;
    for (const [name, heard] of this._heard) {
      if (heard.found.cell_id === cell) {
        this._heard.delete(name);
        other = true;
      } else if (counts && !heard.doubtful) {
        this._heard.set(name, { ...heard, doubtful: true });
        other = true;
      }
    }
    return other;
  }

  /** The server told about the file, and nothing is unsaved. */
  settle(state: NotebookState): void {
    this._edited.clear();
    for (const [name, heard] of this._heard) {
      const gone =
        heard.found.cell_id !== '' && !state.cells.some(cell => cell.id === heard.found.cell_id);
      // A report of exactly this content says more than what was heard before an edit that was taken back.
      if (gone || (heard.doubtful && state.tests.tested !== null)) {
        this._heard.delete(name);
      }
    }
  }

  /** Nothing was heard. */
  clear(): void {
    this._heard.clear();
    this._edited.clear();
    this._since.clear();
    this._codeSince = false;
    this._awaited.clear();
  }

  /** All tests, as they are shown. */
  merged(kept: readonly TestCase[]): IShownCase[] {
    const names = new Set(kept.map(one => one.name));
    const others = [...this._heard.values()].filter(one => !names.has(one.found.name));
    const merged: IShownCase[] = [];
    for (const one of kept) {
      const heard = this._heard.get(one.name);
      const parts = others.filter(other => isPart(other.found.name, one.name));
      if (heard) {
        merged.push(this._shown(heard.found, heard.doubtful));
      } else if (parts.length === 0) {
        merged.push(this._kept(one));
      }
      merged.push(...parts.map(part => this._shown(part.found, part.doubtful)));
      parts.forEach(part => others.splice(others.indexOf(part), 1));
    }
    return [...merged, ...others.map(one => this._shown(one.found, one.doubtful))];
  }

  private _kept(one: TestCase): IShownCase {
    if (one.status === 'not run' || this._edited.size === 0) {
      return this._shown(one, false);
    }
    if (this._edited.has(one.cell_id)) {
      const nothing = {
        status: 'not run' as const,
        seconds: 0,
        message: '',
        detail: '',
        output: ''
      };
      return this._shown({ ...one, ...nothing }, false);
    }
    return this._shown(one, true);
  }

  private _shown(one: TestCase, doubtful: boolean): IShownCase {
    return { ...one, doubtful, awaited: this._awaited.has(one.name) };
  }

  private _keep(found: TestCase): void {
    if (!found.cell_id || !this._since.has(found.cell_id)) {
      this._heard.set(found.name, { found, doubtful: this._codeSince });
    }
    for (const name of this._awaited) {
      if (name === found.name || isPart(found.name, name)) {
        this._awaited.delete(name);
      }
    }
  }
}

/** The cases of a report, as `studio test --json` and `studio review submit --json` print it. */
function reported(
  result: { readonly [key: string]: JsonValue } | null
): { subject: string; case: Omit<TestCase, 'cell_id'> }[] {
  const report = isObject(result?.report) ? result.report : result;
  const cases = report && Array.isArray(report.cases) ? report.cases : [];
  return cases.filter(isObject).map(one => ({
    subject: String(one.subject ?? ''),
    case: {
      name: String(one.name ?? ''),
      rung: one.rung as TestCase['rung'],
      status: statusOf(String(one.status)),
      seconds: Number(one.seconds ?? 0),
      message: String(one.message ?? ''),
      detail: String(one.detail ?? ''),
      output: String(one.output ?? ''),
      cell: typeof one.cell === 'number' ? one.cell : null,
      line: typeof one.line === 'number' ? one.line : null
    }
  }));
}

const STATUSES: readonly string[] = ['passed', 'failed', 'error', 'skipped'];

function statusOf(status: string): TestCase['status'] {
  return STATUSES.includes(status) ? (status as TestCase['status']) : 'not run';
}

/** Whether `name` is a case of the function, or a test of the class, that is called `of`. */
function isPart(name: string, of: string): boolean {
  return name.startsWith(`${of}[`) || name.startsWith(`${of}::`);
}

function firstLine(text: string): string {
  return text.split('\n')[0];
}

function isObject(value: unknown): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
