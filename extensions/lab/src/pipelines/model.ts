/**
 * One open pipeline: its graph, the run that is shown, and what was started from here. Panels show its snapshot.
 */
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';

import type { Activity, Pipeline, Run, StartRun } from '../api';
import { StudioFault } from '../fault';
import type { IStudio } from '../tokens';
import { fold } from './fold';
import { RunPages } from './pages';
import { NOTHING, type Beside, type ISnapshot } from './shown';
import { StepStates, statesOfPlan, statesOfRun } from './states';

/** What the model needs of Studio. */
export type Served = Pick<IStudio, 'client' | 'activities' | 'session' | 'refreshed'>;

/** Milliseconds between two looks at whether a run was started elsewhere, as on the command line. */
const INTERVAL = 10_000;

export class PipelineModel implements IDisposable {
  /** The states of the steps, told step by step. */
  readonly states = new StepStates();
  /** The pipeline's runs. */
  readonly runs: RunPages;

  /** `name`: a pipeline, or a notebook's path in the workspace. */
  constructor(
    readonly name: string,
    readonly studio: Served
  ) {
    this.runs = new RunPages(studio.client, name);
    this._poll = new Poll({
      name: '@notebook-studio/lab:runs',
      auto: false,
      factory: () => this.runs.refresh(),
      frequency: { interval: INTERVAL, backoff: false },
      standby: () => (this._visible ? 'when-hidden' : true)
    });
    studio.activities.changed.connect(this._findGoing, this);
    studio.refreshed.connect(this._refresh, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get snapshot(): ISnapshot {
    return this._snapshot;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Ask for everything; a `run` is shown, else the latest one, else what a run would do. */
  async load(run?: string): Promise<void> {
    const asked = this._askPipeline(false);
    if (run) {
      this.choose(run);
    }
    await this.runs.refresh();
    void this._poll.schedule({ interval: INTERVAL, phase: 'started' });
    this._findGoing();
    if (!this._snapshot.chosen) {
      this.choose(this.runs.state.rows[0]?.run ?? '');
    }
    await asked;
  }

  /** Whether somebody looks: who does not look needs no stream. */
  set visible(visible: boolean) {
    if (visible === this._visible) {
      return;
    }
    this._visible = visible;
    if (!visible) {
      this._following?.abort();
    } else if (this._snapshot.pipeline || this._snapshot.fault) {
      this._refresh();
    }
  }

  /** Show a run's states on the graph; empty: what a run would do now. */
  choose(run: string): void {
    if (run !== this._snapshot.chosen) {
      this._set({ chosen: run, run: null, runFault: null });
    }
    if (run) {
      void this._follow(run);
    } else {
      this._following?.abort();
      this._show();
      void this._askPipeline(true);
    }
  }

  /** Show the details of a step, by its name or a part's key. */
  select(step: string): void {
    this._set({ selected: step, beside: 'step' });
  }

  /** Show something else beside the graph. */
  open(beside: Beside): void {
    this._set({ beside, ...(beside === 'step' ? {} : { selected: '' }) });
  }

  /** Show two runs side by side. */
  compare(one: string, other: string): void {
    // The older one stands on the left, as in a text that is read.
    this._set({
      compared: one < other ? [one, other] : [other, one],
      beside: 'comparison',
      selected: ''
    });
  }

  /** Take the notice away. */
  dismiss(): void {
    this._set({ notice: null });
  }

  /** Start a run. The fault that was met, for the form to show at its fields; null when it goes on. */
  async start(request: Omit<StartRun, 'name'>): Promise<StudioFault | null> {
    return this._begin(() =>
      this.studio.activities.start('run', { name: this._startedAs(), ...request })
    );
  }

  /** Continue the run that is shown. */
  async resume(): Promise<StudioFault | null> {
    return this._begin(() =>
      this.studio.activities.start('resume', { run: this._snapshot.chosen })
    );
  }

  /** Stop what goes on, as Ctrl-C would. */
  async stop(): Promise<void> {
    const { going, run } = this._snapshot;
    const id = going?.activity.id ?? run?.activity ?? '';
    if (!id) {
      return;
    }
    if (going) {
      this._set({ going: { ...going, stopping: true } });
    }
    try {
      await this.studio.activities.stop(id);
    } catch (reason) {
      this._set({ notice: StudioFault.of(reason), going: going && { ...going, stopping: false } });
    }
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    this._poll.dispose();
    this._following?.abort();
    this._watching?.abort();
    this.states.dispose();
    this.runs.dispose();
    Signal.clearData(this);
  }

  /** A pipeline starts by its name; a single notebook, whose pipeline has a made-up one, as Jupyter calls its file. */
  private _startedAs(): string {
    const { pipeline } = this._snapshot;
    const path = pipeline && pipeline.name !== this.name ? pipeline.steps[0]?.lab_path : null;
    return path ?? this.name;
  }

  private async _begin(begin: () => Promise<Activity>): Promise<StudioFault | null> {
    this._set({ notice: null });
    try {
      this._watch(await begin());
      return null;
    } catch (reason) {
      const fault = StudioFault.of(reason);
      this._set({ notice: fault, noticed: '' });
      return fault;
    }
  }

  /** Notice what somebody started for this pipeline elsewhere in this Lab, or before Lab was loaded. */
  private _findGoing(): void {
    const mine = this.studio.activities.running.find(
      one =>
        (one.kind === 'run' || one.kind === 'resume') &&
        one.names.includes(this.name) &&
        !this._over.has(one.id)
    );
    if (mine) {
      this._watch(mine);
    }
  }

  /** Follow what was started until it ends: first there is no run yet, and it may be refused. */
  private _watch(activity: Activity): void {
    if (activity.id === this._snapshot.going?.activity.id) {
      return;
    }
    this._watching?.abort();
    const watching = new AbortController();
    this._watching = watching;
    this._set({ going: { activity, run: activity.run, begun: false, stopping: false } });
    void this._followActivity(activity, watching.signal);
  }

  private async _followActivity(activity: Activity, signal: AbortSignal): Promise<void> {
    let run = activity.run;
    let notice: StudioFault | null = null;
    if (run) {
      this.choose(run);
    }
    try {
      for await (const event of this.studio.activities.watch(activity.id, signal)) {
        if (event.kind === 'run') {
          this._begun(activity, event.run);
        }
        if (event.run && event.run !== run) {
          run = event.run;
          this.choose(run);
          void this.runs.refresh();
        }
        if (event.kind === 'ended' && event.status !== 'completed' && event.text) {
          notice = new StudioFault(0, { message: event.text, rule: event.status });
        }
      }
    } catch (reason) {
      notice = StudioFault.of(reason);
    }
    if (signal.aborted || this._disposed) {
      return;
    }
    this._over.add(activity.id); // the list of activities may learn of it later
    this._set({ going: null, ...(notice ? { notice, noticed: run } : {}) });
    void this.runs.refresh();
    if (run && run === this._snapshot.chosen) {
      void this._follow(run);
    }
  }

  private _begun(activity: Activity, run: string): void {
    const { going } = this._snapshot;
    if (going?.activity.id === activity.id) {
      this._set({ going: { ...going, run, begun: true } });
    }
    if (activity.run && activity.run === this._snapshot.chosen) {
      void this._follow(activity.run); // a run that is resumed had ended when it was looked at
    }
  }

  /** Show the record of a run, and follow it as long as it goes on. */
  private async _follow(run: string): Promise<void> {
    if (this._following && !this._following.signal.aborted && this._followed === run) {
      return;
    }
    this._following?.abort();
    const following = new AbortController();
    this._following = following;
    this._followed = run;
    const { signal } = following;
    try {
      const record = await this.studio.client.get('runs/run', { run }, signal);
      this._take(record, signal);
      if (record.status === 'running' && this._visible) {
        for await (const next of this.studio.client.stream('runs/events', { run }, signal)) {
          this._take(next, signal);
        }
        if (!signal.aborted) {
          void this.runs.refresh();
        }
      }
    } catch (reason) {
      if (!signal.aborted) {
        this._set({ runFault: StudioFault.of(reason) });
      }
    } finally {
      following.abort();
    }
  }

  private _take(run: Run, signal: AbortSignal): void {
    if (signal.aborted || this._disposed) {
      return;
    }
    const failed =
      run.status === 'failed' && run.steps.find(step => step.error && step.status === 'failed');
    const first =
      failed && this._snapshot.run?.status !== 'failed' && this._snapshot.beside === 'nothing';
    this._set({ run, runFault: null, ...(first ? { selected: failed.key, beside: 'step' } : {}) });
    this.runs.update(run);
    this._show();
  }

  private async _askPipeline(verdicts: boolean): Promise<void> {
    const turn = ++this._turn;
    this._set({ waiting: true });
    try {
      const pipeline = await this.studio.client.get('pipelines/pipeline', {
        name: this.name,
        verdicts
      });
      if (turn === this._turn) {
        this._adopt(pipeline);
      }
    } catch (reason) {
      if (turn === this._turn) {
        this._set({ fault: StudioFault.of(reason), waiting: false });
      }
    }
  }

  private _adopt(pipeline: Pipeline): void {
    // The same steps are the same graph: only then does the drawing stay as it is.
    const shape = JSON.stringify(pipeline.steps.map(step => ({ ...step, verdict: null })));
    const graph = pipeline.problem || shape === this._shape ? this._snapshot.graph : fold(pipeline);
    this._shape = pipeline.problem ? this._shape : shape;
    this._set({ pipeline, graph, fault: null, waiting: false });
    this._show();
  }

  private _show(): void {
    const { graph, chosen, run, pipeline } = this._snapshot;
    if (!chosen) {
      this.states.set(statesOfPlan(graph, pipeline?.steps ?? []));
    } else if (run) {
      this.states.set(statesOfRun(graph, run));
    }
  }

  private _refresh(): void {
    if (!this._visible || this._disposed) {
      return;
    }
    void this._askPipeline(!this._snapshot.chosen);
    void this.runs.refresh();
    if (this._snapshot.chosen) {
      void this._follow(this._snapshot.chosen);
    }
  }

  private _set(part: Partial<ISnapshot>): void {
    if (this._disposed) {
      return;
    }
    this._snapshot = { ...this._snapshot, ...part };
    this._changed.emit();
  }

  private readonly _poll: Poll;
  private _snapshot = NOTHING;
  private _changed = new Signal<this, void>(this);
  private _visible = true;
  private _disposed = false;
  private _shape = '';
  private _turn = 0;
  private _following: AbortController | null = null;
  private _followed = '';
  private _watching: AbortController | null = null;
  private _over = new Set<string>();
}
