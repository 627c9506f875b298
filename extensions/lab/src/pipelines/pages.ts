/**
 * A long list of runs, loaded page by page as far as somebody scrolls; new runs come in at the top.
 */
import { Signal, type ISignal } from '@lumino/signaling';

import type { Row, Run } from '../api';
import type { IStudioClient } from '../tokens';

const PAGE = 100;

/** What the list knows by now. */
export interface IRunPages {
  rows: readonly Row[];
  /** How many there are in all. */
  total: number;
  more: boolean;
  waiting: boolean;
  /** Whether any answer has come yet. */
  known: boolean;
  /** Why the latest page could not be loaded; empty where it could. */
  error: string;
}

export class RunPages {
  /** The runs of one pipeline, of one notebook by its path in the workspace, or (empty) of all. */
  constructor(
    private _client: Pick<IStudioClient, 'get'>,
    private _pipeline: string = ''
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): IRunPages {
    return this._state;
  }

  /** Load the next page, unless one is on its way or there is none. */
  async more(): Promise<void> {
    if (this._state.waiting || !this._state.more) {
      return;
    }
    await this._load(this._state.rows.at(-1)?.run ?? '', page => ({
      ...page,
      rows: [...this._state.rows, ...page.rows]
    }));
  }

  /** Look for new runs, and how the newest ones stand now; what was loaded stays. */
  async refresh(): Promise<void> {
    if (this._state.waiting) {
      return;
    }
    await this._load('', page => {
      const last = page.rows.at(-1);
      const known = new Set(page.rows.map(row => row.run));
      const start = last ? this._state.rows.findIndex(row => row.run === last.run) : -1;
      if (start < 0) {
        return page; // so many new runs that the pages do not meet
      }
      const older = this._state.rows.slice(start + 1).filter(row => !known.has(row.run));
      return older.length
        ? { ...page, rows: [...page.rows, ...older], more: this._state.more }
        : page;
    });
  }

  /** A run's row as its record says now. */
  update(run: Run): void {
    const index = this._state.rows.findIndex(row => row.run === run.run);
    const row = this._state.rows[index];
    if (
      !row ||
      (row.status === run.status && row.seconds === run.seconds && same(row.counts, run.counts))
    ) {
      return;
    }
    const rows = [...this._state.rows];
    rows[index] = { ...row, status: run.status, seconds: run.seconds, counts: run.counts };
    this._set({ ...this._state, rows });
  }

  dispose(): void {
    this._disposed = true;
    Signal.clearData(this);
  }

  private async _load(
    before: string,
    joined: (
      page: Pick<IRunPages, 'rows' | 'total' | 'more'>
    ) => Pick<IRunPages, 'rows' | 'total' | 'more'>
  ): Promise<void> {
    this._set({ ...this._state, waiting: true });
    try {
      const page = await this._client.get('runs', {
        pipeline: this._pipeline,
        before,
        limit: PAGE
      });
      this._set({
        ...joined({ rows: page.runs, total: page.total, more: page.more }),
        waiting: false,
        known: true,
        error: ''
      });
    } catch (error) {
      this._set({ ...this._state, waiting: false, error: (error as Error).message });
    }
  }

  private _set(state: IRunPages): void {
    if (!this._disposed) {
      this._state = state;
      this._changed.emit();
    }
  }

  private _state: IRunPages = {
    rows: [],
    total: 0,
    more: true,
    waiting: false,
    known: false,
    error: ''
  };
  private _changed = new Signal<this, void>(this);
  private _disposed = false;
}

function same(one: { [status: string]: number }, other: { [status: string]: number }): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
