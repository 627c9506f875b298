/**
 * The interfaces between Studio's capabilities: panels take these, plugins provide them, tests pass a fake.
 */
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { Activity, ActivityEvent, Gets, NotebookState, Posts, Session, Streams } from './api';
import type { StudioFault } from './fault';

/** What follows the address: nothing is needed where nothing is asked; a signal ends the waiting. */
export type Asked<T> = null extends T
  ? [asked?: null, signal?: AbortSignal]
  : [asked: T, signal?: AbortSignal];

/** Asks the server. Every failure is a {@link StudioFault}. */
export interface IStudioClient {
  /** Look something up. */
  get<A extends keyof Gets>(
    address: A,
    ...asked: Asked<Gets[A]['asked']>
  ): Promise<Gets[A]['answer']>;

  /** Do something. */
  post<A extends keyof Posts>(
    address: A,
    ...asked: Asked<Posts[A]['asked']>
  ): Promise<Posts[A]['answer']>;

  /**
   * Follow something until it ends or `signal` is aborted; a lost connection is taken up again after the last event.
   */
  stream<A extends keyof Streams>(
    address: A,
    asked: Streams[A]['asked'],
    signal?: AbortSignal
  ): AsyncIterable<Streams[A]['answer']>;

  /** The full address of a page of the server, such as `reviews/page?submission=…`. */
  url(address: string): string;
}

/** What can be started; the part after `activities/`. */
export type ActivityKind = 'run' | 'resume' | 'test' | 'submit';

/** What goes on in processes of its own: the same for every panel. */
export interface IActivities {
  /** The latest activities, newest first. */
  readonly all: readonly Activity[];

  /** Those that go on. */
  readonly running: readonly Activity[];

  /** Some activity began, went on or ended. */
  readonly changed: ISignal<IActivities, void>;

  /** One ended. */
  readonly ended: ISignal<IActivities, Activity>;

  /** Start one; it is among `running` at once. */
  start<K extends ActivityKind>(
    kind: K,
    asked: Posts[`activities/${K}`]['asked']
  ): Promise<Activity>;

  /** Its events, from the first one to its end. */
  watch(id: string, signal?: AbortSignal): AsyncIterable<ActivityEvent>;

  /** Stop it, as Ctrl-C would; what it has done so far stays. */
  stop(id: string): Promise<Activity>;

  /** Ask the server which there are. */
  refresh(): Promise<void>;
}

/** What every capability works with. */
export interface IStudio {
  readonly client: IStudioClient;
  readonly activities: IActivities;

  /** Who works here, where; null until it is known, or where there is no workspace (see `fault`). */
  readonly session: Session | null;

  /** Why there is no session. */
  readonly fault: StudioFault | null;

  /** The session or its fault changed. */
  readonly changed: ISignal<IStudio, void>;

  /** Panels ask anew: something was done, an activity ended, or time has passed. */
  readonly refreshed: ISignal<IStudio, void>;

  /** Make all panels ask anew. */
  refresh(): void;
}

export const IStudio = new Token<IStudio>(
  '@notebook-studio/lab:IStudio',
  'Studio in this browser: who works here, the client of its server, and what goes on.'
);

/** The state of the notebook in front, as its panel knows it. */
export interface INotebookState {
  /** Null where no notebook is in front, or nothing is known of it yet. */
  readonly current: NotebookState | null;
  readonly changed: ISignal<INotebookState, void>;
}

export const INotebookState = new Token<INotebookState>(
  '@notebook-studio/lab:INotebookState',
  'What Studio knows of the notebook in front.'
);
