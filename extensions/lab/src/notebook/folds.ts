/**
 * Which sections of the panel are folded away: kept in Lab's state, so that it is the same the next time.
 */
import type { IStateDB } from '@jupyterlab/statedb';
import { type ISignal, Signal } from '@lumino/signaling';

import type { IFolds } from './panel';

const KEY = '@notebook-studio/lab:notebook:folded';

/** Keeps them; without a database, as long as the page is open. */
export class Folds implements IFolds {
  private readonly _state: IStateDB | null;
  private readonly _changed = new Signal<this, void>(this);
  private _folded: ReadonlySet<string> = new Set();

  constructor(state: IStateDB | null) {
    this._state = state;
    void this._fetch();
  }

  get folded(): ReadonlySet<string> {
    return this._folded;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  fold(name: string, folded: boolean): void {
    const names = new Set(this._folded);
    if (folded) {
      names.add(name);
    } else {
      names.delete(name);
    }
    this._folded = names;
    this._changed.emit();
    void this._state?.save(KEY, [...names]).catch(reason => {
      console.warn('Studio: what is folded away could not be kept.', reason);
    });
  }

  private async _fetch(): Promise<void> {
    try {
      const names = await this._state?.fetch(KEY);
      if (Array.isArray(names) && this._folded.size === 0) {
        this._folded = new Set(names.filter(name => typeof name === 'string'));
        this._changed.emit();
      }
    } catch (reason) {
      console.warn('Studio: what was folded away could not be read.', reason);
    }
  }
}
