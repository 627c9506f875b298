/**
 * Studio without a server, for tests of panels: answers that a test gives, and what was asked of it.
 */
import { Signal } from '@lumino/signaling';

import type { Activity, ActivityEvent, Gets, Posts, Session, Streams } from '../api';
import { StudioFault } from '../fault';
import type { ActivityKind, IActivities, IStudio, IStudioClient } from '../tokens';

type Answers = {
  [A in keyof Gets]?:
    | Gets[A]['answer']
    | ((asked: Gets[A]['asked']) => Gets[A]['answer'] | Promise<Gets[A]['answer']>);
} & {
  [A in keyof Posts]?:
    | Posts[A]['answer']
    | ((asked: Posts[A]['asked']) => Posts[A]['answer'] | Promise<Posts[A]['answer']>);
};

/** Answers what it was given; everything else is a fault. */
export class FakeClient implements IStudioClient {
  answers: Answers;
  events: { [A in keyof Streams]?: Streams[A]['answer'][] } = {};
  /** Address and body, in order. */
  readonly asked: [string, unknown][] = [];

  constructor(answers: Answers = {}) {
    this.answers = { ...answers };
  }

  async get(address: any, ...[asked]: any[]): Promise<any> {
    return this._answer(address, asked);
  }

  async post(address: any, ...[asked]: any[]): Promise<any> {
    return this._answer(address, asked);
  }

  async *stream(address: keyof Streams, asked: unknown, signal?: AbortSignal): AsyncGenerator<any> {
    this.asked.push([address, asked]);
    for (const event of this.events[address] ?? []) {
      if (signal?.aborted) {
        return;
      }
      yield event;
    }
  }

  url(address: string): string {
    return `/studio/api/v1/${address}`;
  }

  private async _answer(address: keyof Answers, asked: unknown): Promise<unknown> {
    this.asked.push([address, asked ?? null]);
    const answer: unknown = this.answers[address];
    if (answer === undefined) {
      throw new StudioFault(404, {
        message: `Nothing at ${address}.`,
        next: 'give the fake an answer.'
      });
    }
    const value: unknown = typeof answer === 'function' ? await answer(asked) : answer;
    if (value instanceof StudioFault) {
      throw value;
    }
    return value;
  }
}

/** Activities that a test moves by hand. */
export class FakeActivities implements IActivities {
  all: Activity[] = [];
  readonly changed = new Signal<this, void>(this);
  readonly ended = new Signal<this, Activity>(this);
  readonly started: [ActivityKind, unknown][] = [];
  readonly stopped: string[] = [];
  events: ActivityEvent[] = [];

  get running(): Activity[] {
    return this.all.filter(one => one.status === 'running' || one.status === 'starting');
  }

  async start(kind: ActivityKind, asked: unknown): Promise<Activity> {
    this.started.push([kind, asked]);
    const activity = anActivity({ id: `activity-${this.started.length}`, kind });
    this.set([activity, ...this.all]);
    return activity;
  }

  async *watch(_id: string, signal?: AbortSignal): AsyncGenerator<ActivityEvent> {
    for (const event of this.events) {
      if (signal?.aborted) {
        return;
      }
      yield event;
    }
  }

  async stop(id: string): Promise<Activity> {
    this.stopped.push(id);
    return anActivity({ id, status: 'stopped' });
  }

  async refresh(): Promise<void> {
    return undefined;
  }

  /** What goes on from now on. */
  set(all: Activity[]): void {
    this.all = all;
    this.changed.emit();
  }
}

/** Studio, all of it fake. */
export class FakeStudio implements IStudio {
  readonly client: FakeClient;
  readonly activities = new FakeActivities();
  session: Session | null = aSession();
  fault: StudioFault | null = null;
  readonly changed = new Signal<this, void>(this);
  readonly refreshed = new Signal<this, void>(this);

  constructor(answers: Answers = {}) {
    this.client = new FakeClient(answers);
  }

  refresh(): void {
    this.refreshed.emit();
  }
}

/** A session of somebody who may do everything. */
export function aSession(other: Partial<Session> = {}): Session {
  return {
    workspace: '/srv/workspace',
    prefix: '',
    project: 'churn',
    actor: 'ada@example.org',
    name: 'Ada',
    roles: ['engineer'],
    open: false,
    environments: ['dev', 'staging', 'prod'],
    ...other
  };
}

/** A run that goes on. */
export function anActivity(other: Partial<Activity> = {}): Activity {
  return {
    id: 'activity',
    kind: 'run',
    title: 'run churn',
    names: ['churn'],
    pipeline: 'churn',
    path: null,
    started: '2026-03-01T10:00:00Z',
    status: 'running',
    run: '',
    text: '',
    ...other
  };
}
