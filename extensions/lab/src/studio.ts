/**
 * Studio in this browser: the session, the activities, and the signal on which all panels ask anew.
 */
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { Activities } from './activities';
import type { Session } from './api';
import { StudioFault } from './fault';
import type { IStudio, IStudioClient } from './tokens';

/** Milliseconds between two looks at what goes on, where the settings say nothing. */
export const INTERVAL = 10000;
/** Milliseconds between two questions who works here: a workspace may be made, and its people change. */
const SESSION = 30000;

export class Studio implements IStudio, IDisposable {
  readonly client: IStudioClient;
  readonly activities: Activities;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _refreshed = new Signal<this, void>(this);
  private _session: Session | null = null;
  private _fault: StudioFault | null = null;
  private _disposed = false;
  private readonly _poll: Poll<void, unknown>;

  constructor(client: IStudioClient, interval = INTERVAL) {
    this.client = client;
    this.activities = new Activities(client, interval);
    this.activities.ended.connect(() => this._refreshed.emit());
    this._poll = new Poll({
      name: '@notebook-studio/lab:session',
      auto: false,
      factory: () => this._ask(),
      frequency: { interval: SESSION, backoff: false, max: SESSION },
      standby: 'when-hidden'
    });
  }

  get session(): Session | null {
    return this._session;
  }

  get fault(): StudioFault | null {
    return this._fault;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get refreshed(): ISignal<this, void> {
    return this._refreshed;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Ask who works here, and begin to look at what goes on. */
  async begin(): Promise<void> {
    this.activities.begin();
    await this._poll.start();
  }

  refresh(): void {
    this._refreshed.emit();
    void this.activities.refresh();
    void this._ask();
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    this.activities.dispose();
    this._poll.dispose();
    Signal.clearData(this);
  }

  private async _ask(): Promise<void> {
    let session: Session | null = null;
    let fault: StudioFault | null = null;
    try {
      session = await this.client.get('session');
    } catch (reason) {
      fault = StudioFault.of(reason);
    }
    const same =
      JSON.stringify([this._session, this._fault?.message]) ===
      JSON.stringify([session, fault?.message]);
    this._session = session;
    this._fault = fault;
    if (!same && !this._disposed) {
      this._changed.emit();
    }
  }
}
