/**
 * What Home knows: what needs this person, what happened, which pipelines there are; asked for again and again, because
 * others work in the same workspace.
 */
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Home, Overview } from '../api';
import { StudioFault } from '../fault';
import type { IStudio } from '../tokens';

/** Milliseconds between two questions that nobody caused. */
const INTERVAL = 30000;

/** One answer, or why there is none; the old answer stays beside the fault. */
export interface IPart<T> {
  readonly value: T | null;
  readonly fault: StudioFault | null;
}

export class HomeModel implements IDisposable {
  readonly studio: IStudio;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _poll: Poll<void, unknown>;
  private _home: IPart<Home> = { value: null, fault: null };
  private _pipelines: IPart<readonly Overview[]> = { value: null, fault: null };
  private _busy = true;
  private _turn = 0;

  constructor(studio: IStudio) {
    this.studio = studio;
    this._poll = new Poll({
      name: '@notebook-studio/lab:home',
      auto: false,
      factory: () => this._ask(),
      frequency: { interval: INTERVAL, backoff: true, max: 4 * INTERVAL },
      standby: 'when-hidden'
    });
    studio.refreshed.connect(this.refresh, this);
    studio.changed.connect(this._tell, this);
    studio.activities.changed.connect(this._tell, this);
  }

  /** Begin to ask. */
  begin(): void {
    void this._poll.start();
  }

  get home(): IPart<Home> {
    return this._home;
  }

  get pipelines(): IPart<readonly Overview[]> {
    return this._pipelines;
  }

  /** Whether nothing is known yet. */
  get busy(): boolean {
    return this._busy;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** Ask now, also where nobody looks. */
  refresh(): void {
    this._ask().catch(() => undefined); // it is shown
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      Signal.clearData(this);
    }
  }

  private async _ask(): Promise<void> {
    const { client } = this.studio;
    const turn = ++this._turn;
    const [home, pipelines] = await Promise.all([
      answered(client.get('home'), this._home),
      answered(
        client.get('pipelines').then(answer => answer.pipelines),
        this._pipelines
      )
    ]);
    if (turn !== this._turn) {
      return; // somebody asked later
    }
    this._home = home;
    this._pipelines = pipelines;
    this._busy = false;
    this._tell();
    if (home.fault) {
      throw home.fault; // the poll waits longer then
    }
  }

  private _tell(): void {
    if (!this.isDisposed) {
      this._changed.emit();
    }
  }
}

async function answered<T>(answer: Promise<T>, before: IPart<T>): Promise<IPart<T>> {
  try {
    return { value: await answer, fault: null };
  } catch (reason) {
    return { value: before.value, fault: StudioFault.of(reason) };
  }
}
