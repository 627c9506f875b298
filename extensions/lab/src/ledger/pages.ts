/**
 * The ledger page by page, newest first: what is in sight is asked for, never all of it.
 */
import { type ISignal, Signal } from '@lumino/signaling';

import type { Event, Verified } from '../api';
import { StudioFault } from '../fault';
import type { IStudioClient } from '../tokens';

/** What is looked for; "" for everything. */
export interface IFilter {
  readonly kind: string;
  readonly subject: string;
  readonly actor: string;
}

export const EVERYTHING: IFilter = { kind: '', subject: '', actor: '' };
const LIMIT = 200;

export class LedgerPages {
  private readonly _client: IStudioClient;
  private readonly _changed = new Signal<this, void>(this);
  private _filter = EVERYTHING;
  private _events: readonly Event[] = [];
  private _kinds: readonly string[] = [];
  private _more = true;
  private _fault: StudioFault | null = null;
  private _asking: AbortController | null = null;

  constructor(client: IStudioClient) {
    this._client = client;
  }

  get events(): readonly Event[] {
    return this._events;
  }

  /** Kinds of events that there are. */
  get kinds(): readonly string[] {
    return this._kinds;
  }

  get more(): boolean {
    return this._more;
  }

  get fault(): StudioFault | null {
    return this._fault;
  }

  get filter(): IFilter {
    return this._filter;
  }

  get busy(): boolean {
    return this._asking !== null;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Look for something else. */
  async look(filter: IFilter): Promise<void> {
    this._filter = filter;
    this._events = [];
    this._more = true;
    await this._ask(0);
  }

  /** The next page. */
  async next(): Promise<void> {
    if (this._more && !this.busy) {
      await this._ask(this._events.length > 0 ? this._events[this._events.length - 1].sequence : 0);
    }
  }

  /** What came since. The pages that are there stay, so that nobody who reads loses the place. */
  async refresh(): Promise<void> {
    if (this.busy) {
      return;
    }
    const newest = this._events.length > 0 ? this._events[0].sequence : 0;
    await this._ask(0, found => {
      const fresh = found.filter(event => event.sequence > newest);
      const whole = newest === 0 || fresh.length < found.length;
      return whole ? [...fresh, ...this._events] : found; // too much came: begin anew
    });
  }

  dispose(): void {
    this._asking?.abort();
    Signal.clearData(this);
  }

  private async _ask(
    before: number,
    join?: (found: readonly Event[]) => readonly Event[]
  ): Promise<void> {
    this._asking?.abort();
    const asking = new AbortController();
    this._asking = asking;
    this._fault = null;
    this._changed.emit();
    let fault: StudioFault | null = null;
    try {
      const page = await this._client.get(
        'ledger',
        { ...this._filter, before, limit: LIMIT },
        asking.signal
      );
      if (asking.signal.aborted) {
        return;
      }
      const old = this._events;
      this._events = join ? join(page.events) : [...old, ...page.events];
      this._kinds = page.kinds;
      if (!join || this._events === page.events || old.length === 0) {
        this._more = page.more;
      }
    } catch (reason) {
      fault = StudioFault.of(reason);
    }
    if (!asking.signal.aborted) {
      this._asking = null;
      this._fault = fault;
      this._changed.emit();
    }
  }
}

/** Whether the ledger is whole. */
export async function verified(client: IStudioClient): Promise<Verified> {
  return client.post('ledger/verify');
}
