/**
 * The activities that are about one notebook: those that were started here, those that others started, and the latest
 * tests of what its file holds.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import { isActive } from '../activities';
import type { Activity, ActivityEvent, Posts } from '../api';
import { StudioFault } from '../fault';
import type { ActivityKind, IActivities } from '../tokens';
import { advanced, begun, type ICourse } from './course';

/** Who is told. */
export interface ICoursesListener {
  /** One began; `names` are the tests that were asked for, none for all. */
  onBegun(activity: Activity, names: readonly string[]): void;
  onEvent(event: ActivityEvent): void;
  /** One ended; `past` says that it had ended before anybody looked. */
  onEnded(course: ICourse, past: boolean): void;
  onChanged(): void;
}

/** Whether it tells about tests. */
export function tests(kind: ActivityKind): boolean {
  return kind === 'test' || kind === 'submit';
}

/** Follows them. */
export class Courses implements IDisposable {
  private readonly _activities: IActivities;
  private readonly _listener: ICoursesListener;
  private readonly _trans: TranslationBundle;
  private readonly _latest = new Map<ActivityKind, ICourse>();
  private readonly _watched = new Map<string, AbortController>();
  private _starting = 0;
  private _disposed = false;

  constructor(activities: IActivities, listener: ICoursesListener, trans: TranslationBundle) {
    this._activities = activities;
    this._listener = listener;
    this._trans = trans;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  get(kind: ActivityKind): ICourse | null {
    return this._latest.get(kind) ?? null;
  }

  /** Forget one that ended; whether there was one. */
  forget(kind: ActivityKind): boolean {
    return this.get(kind)?.ended === true && this._latest.delete(kind);
  }

  /** Start one and follow it; `names` are the tests that it is to run. */
  async start<K extends ActivityKind>(
    kind: K,
    asked: Posts[`activities/${K}`]['asked'],
    names: readonly string[] = []
  ): Promise<void> {
    this._starting++; // it is among the activities before it is known here which of them it is
    try {
      this._begin(await this._activities.start(kind, asked), names);
    } finally {
      this._starting--;
    }
  }

  /** Take up what goes on with `subject`, and the latest tests that began after its file was `written`. */
  adopt(subject: string, written: string): void {
    if (this._starting > 0 || this._disposed) {
      return;
    }
    const own = this._activities.all.filter(one => one.names.includes(subject));
    own.filter(isActive).forEach(one => this._begin(one, []));
    const latest = own.find(one => tests(one.kind));
    if (
      latest &&
      !this._watched.has(latest.id) &&
      Date.parse(latest.started) > Date.parse(written)
    ) {
      void this._watch(latest, true);
    }
  }

  async stop(kind: ActivityKind): Promise<void> {
    const course = this.get(kind);
    if (course && !course.ended) {
      await this._activities.stop(course.activity.id);
    }
  }

  dispose(): void {
    this._disposed = true;
    this._watched.forEach(watched => watched.abort());
    this._watched.clear();
  }

  private _begin(activity: Activity, names: readonly string[]): void {
    if (!this._watched.has(activity.id) && !this._disposed) {
      this._listener.onBegun(activity, names);
      void this._watch(activity, false);
    }
  }

  private async _watch(activity: Activity, past: boolean): Promise<void> {
    const stop = new AbortController();
    this._watched.set(activity.id, stop);
    let course = begun(activity);
    const keep = (): void => {
      if (!past) {
        this._latest.set(activity.kind, course);
      }
      this._listener.onChanged();
    };
    keep();
    try {
      for await (const event of this._activities.watch(activity.id, stop.signal)) {
        course = advanced(course, event);
        this._listener.onEvent(event);
        keep();
      }
    } catch (reason) {
      const { message, next } = StudioFault.of(reason);
      const said = next ? `${message} ${this._trans.__('Next: %1', next)}` : message;
      course = { ...course, status: 'failed', said };
    }
    if (!stop.signal.aborted) {
      course = { ...course, ended: true };
      keep();
      this._listener.onEnded(course, past);
    }
  }
}
