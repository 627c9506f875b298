/**
 * What goes on in processes of its own, asked for once for all panels: a list that is polled, and events that several
 * panels may watch over one connection.
 */
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Activity, ActivityEvent, Posts } from './api';
import { StudioFault } from './fault';
import type { ActivityKind, IActivities, IStudioClient } from './tokens';

const ACTIVE: readonly Activity['status'][] = ['starting', 'running'];
/** Milliseconds between two questions while something goes on. */
const BUSY = 2000;

/** Whether it goes on. */
export function isActive(activity: Activity): boolean {
  return ACTIVE.includes(activity.status);
}

/** The activities of the workspace. */
export class Activities implements IActivities {
  private readonly _client: IStudioClient;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _ended = new Signal<this, Activity>(this);
  private readonly _followed = new Map<string, Followed>();
  private readonly _poll: Poll<void, StudioFault>;
  private _all: readonly Activity[] = [];
  private _idle: number;
  private _turn = 0;
  private _known = false;

  /** @param idle - Milliseconds between two questions while nothing goes on. */
  constructor(client: IStudioClient, idle: number) {
    this._client = client;
    this._idle = idle;
    this._poll = new Poll<void, StudioFault>({
      name: '@notebook-studio/lab:activities',
      auto: false,
      factory: () => this._ask(),
      frequency: { interval: idle, backoff: true, max: 60000 },
      standby: 'when-hidden'
    });
  }

  get all(): readonly Activity[] {
    return this._all;
  }

  get running(): readonly Activity[] {
    return this._all.filter(isActive);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get ended(): ISignal<this, Activity> {
    return this._ended;
  }

  /** Milliseconds between two questions while nothing goes on. */
  set idle(milliseconds: number) {
    this._idle = milliseconds;
    this._pace();
  }

  /** Begin to ask. */
  begin(): void {
    void this._poll.start();
  }

  async start<K extends ActivityKind>(
    kind: K,
    asked: Posts[`activities/${K}`]['asked']
  ): Promise<Activity> {
    const activity: Activity = await this._client.post(`activities/${kind}` as any, asked as any);
    this._take([activity, ...this._all.filter(one => one.id !== activity.id)]);
    return activity;
  }

  async *watch(id: string, signal?: AbortSignal): AsyncGenerator<ActivityEvent> {
    let followed = this._followed.get(id);
    if (!followed) {
      followed = new Followed(this._client, id);
      this._followed.set(id, followed);
    }
    yield* followed.watch(signal, () => {
      if (this._followed.get(id) === followed) {
        this._followed.delete(id);
      }
      void this.refresh();
    });
  }

  async stop(id: string): Promise<Activity> {
    const activity = await this._client.post('activities/stop', { id });
    this._take(this._all.map(one => (one.id === id ? activity : one)));
    return activity;
  }

  async refresh(): Promise<void> {
    await this._ask().catch(() => undefined); // the poll asks again by itself, later and later
  }

  dispose(): void {
    this._poll.dispose();
    this._followed.forEach(followed => followed.dispose());
    this._followed.clear();
    Signal.clearData(this);
  }

  private async _ask(): Promise<void> {
    const turn = ++this._turn;
    const { activities } = await this._client.get('activities');
    if (turn === this._turn && !this._poll.isDisposed) {
      this._take(activities);
      this._known = true;
    }
  }

  private _take(activities: readonly Activity[]): void {
    this._turn++; // an answer that is under way is older than this
    const before = new Map(this._all.map(one => [one.id, one]));
    const newest = this._all.reduce((time, one) => (one.started > time ? one.started : time), '');
    const same = JSON.stringify(this._all) === JSON.stringify(activities);
    this._all = activities;
    this._pace();
    if (same) {
      return;
    }
    this._changed.emit();
    for (const activity of activities) {
      const old = before.get(activity.id);
      const brief = this._known && !old && activity.started > newest; // began and ended between two looks
      if (!isActive(activity) && (brief || (old && isActive(old)))) {
        this._ended.emit(activity);
      }
    }
  }

  private _pace(): void {
    const interval = this.running.length > 0 ? Math.min(BUSY, this._idle) : this._idle;
    if (!this._poll.isDisposed && this._poll.frequency.interval !== interval) {
      this._poll.frequency = { ...this._poll.frequency, interval };
    }
  }
}

/** One activity's events, kept as long as anybody watches: who comes later sees them from the first one. */
class Followed {
  private readonly _events: ActivityEvent[] = [];
  private readonly _stop = new AbortController();
  private _watchers = 0;
  private _over = false;
  private _fault: StudioFault | null = null;
  private _wake: (() => void)[] = [];

  constructor(client: IStudioClient, id: string) {
    void this._follow(client, id);
  }

  async *watch(signal: AbortSignal | undefined, left: () => void): AsyncGenerator<ActivityEvent> {
    this._watchers++;
    const wake = (): void => this._tell();
    signal?.addEventListener('abort', wake);
    try {
      for (let next = 0; !signal?.aborted;) {
        if (next < this._events.length) {
          yield this._events[next++];
        } else if (this._fault) {
          throw this._fault;
        } else if (this._over) {
          return;
        } else {
          await new Promise<void>(resolve => this._wake.push(resolve));
        }
      }
    } finally {
      signal?.removeEventListener('abort', wake);
      if (--this._watchers === 0) {
        this.dispose();
        left();
      }
    }
  }

  dispose(): void {
    this._stop.abort();
    this._over = true;
    this._tell();
  }

  private async _follow(client: IStudioClient, id: string): Promise<void> {
    try {
      for await (const event of client.stream('activities/events', { id }, this._stop.signal)) {
        this._events.push(event);
        this._tell();
      }
    } catch (reason) {
      this._fault = StudioFault.of(reason);
    }
    this._over = true;
    this._tell();
  }

  private _tell(): void {
    this._wake.splice(0).forEach(wake => wake());
  }
}
