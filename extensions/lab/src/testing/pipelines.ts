/** Pipelines and runs as the server would send them, and streams that a test moves by hand. */
import type {
  ActivityEvent,
  Pipeline,
  Row,
  Run,
  Runs,
  Step,
  StepError,
  StepRun,
  Streams
} from '../api';
import type { IActions } from '../pipelines/actions';
import { StudioFault } from '../fault';
import { FakeStudio } from './fake';

// Browsers have it, jsdom does not; the layout of a graph needs it for plain objects.
globalThis.structuredClone ??= value => JSON.parse(JSON.stringify(value));

export function aStep(name: string, given: Partial<Step> = {}): Step {
  const part = given.part ?? '';
  return {
    key: part ? `${name}[${part}]` : name,
    name,
    part,
    notebook: `notebooks/${name}.ipynb`,
    lab_path: `notebooks/${name}.ipynb`,
    values: {},
    loads: [],
    saves: [],
    needs: [],
    verdict: null,
    ...given
  };
}

/** Load, three trainings, a report; a file from outside and a result. */
export function aPipeline(given: Partial<Pipeline> = {}): Pipeline {
  const train = (model: string): Step =>
    aStep('train', {
      part: `model=${model}`,
      values: { model, depth: 3 },
      loads: ['raw'],
      saves: ['scores'],
      needs: ['load']
    });
  return {
    name: 'daily',
    description: 'What happened today.',
    path: 'pipelines/daily.yml',
    problem: '',
    problems: [],
    sources: ['export'],
    steps: [
      aStep('load', { loads: ['export'], saves: ['raw'], values: { rows: 100 } }),
      train('tree'),
      train('forest'),
      train('linear'),
      aStep('report', { loads: ['scores', 'raw'], saves: ['report'], needs: ['train', 'load'] })
    ],
    fields: [
      {
        name: 'rows',
        annotation: 'int',
        steps: ['load'],
        default: 100,
        required: false,
        help: 'how many rows',
        secret: false,
        given: false
      }
    ],
    json_schema: { type: 'object', properties: { rows: { type: 'integer', default: 100 } } },
    schedule: null,
    state: 'approved',
    states: { 'notebooks/load.ipynb': 'lapsed' },
    ...given
  };
}

export function aStepRun(step: Step, given: Partial<StepRun> = {}): StepRun {
  return {
    key: step.key,
    name: step.name,
    part: step.part,
    status: 'completed',
    attempt: 1,
    started: '2026-03-02T10:00:00Z',
    ended: '2026-03-02T10:00:02Z',
    seconds: 2,
    done: 0,
    total: 0,
    notebook: step.notebook,
    lab_path: step.lab_path,
    executed: `studio-run:20260302-100000-aaaaaa/${step.key}.ipynb`,
    values: step.values,
    metrics: {},
    outputs: step.saves,
    reason: 'it has not completed before',
    reused_from: null,
    mlflow: null,
    error: null,
    ...given
  };
}

/** A run of `aPipeline`; `steps` says by key what is special about some. */
export function aRun(
  given: Partial<Run> = {},
  steps: { [key: string]: Partial<StepRun> } = {}
): Run {
  const records = aPipeline().steps.map(step => aStepRun(step, steps[step.key]));
  const counts: { [status: string]: number } = {};
  for (const record of records) {
    counts[record.status] = (counts[record.status] ?? 0) + 1;
  }
  return {
    run: '20260302-100000-aaaaaa',
    pipeline: 'daily',
    name: 'daily',
    status: 'completed',
    started: '2026-03-02T10:00:00Z',
    ended: '2026-03-02T10:00:12Z',
    seconds: 12,
    environment: 'dev',
    actor: 'ada',
    given: {},
    counts,
    mlflow: null,
    activity: '',
    steps: records,
    gates: [],
    ...given
  };
}

export function anError(given: Partial<StepError> = {}): StepError {
  return {
    kind: 'error',
    message: 'Cell 4 raised ValueError: too much',
    ename: 'ValueError',
    evalue: 'too much',
    traceback: ['Traceback', 'ValueError: too much'],
    cell: 3,
    cell_id: 'cell-3',
    source: 'raise ValueError("too much")',
    ...given
  };
}

export function aRow(given: Partial<Row> = {}): Row {
  const { run, pipeline, name, status, started, seconds, environment, actor, counts } = aRun();
  return {
    run,
    pipeline,
    name,
    status,
    started,
    seconds,
    environment,
    actor,
    counts,
    problem: '',
    ...given
  };
}

/** Pages of so many runs, newest first. */
export function pagesOf(count: number): (asked: { before?: string; limit?: number }) => Runs {
  const ids = Array.from(
    { length: count },
    (_, index) => `run-${String(count - index).padStart(6, '0')}`
  );
  return ({ before = '', limit = 100 }) => {
    const start = before ? ids.indexOf(before) + 1 : 0;
    const page = ids.slice(start, start + limit);
    return {
      runs: page.map(run => aRow({ run })),
      total: count,
      more: start + limit < count
    };
  };
}

/** A stream that a test fills. */
export class Channel<T> {
  opened = 0;
  private _items: T[] = [];
  private _over = false;
  private _wake: (() => void)[] = [];

  push(...items: T[]): void {
    this._items.push(...items);
    this._tell();
  }

  end(): void {
    this._over = true;
    this._tell();
  }

  async *read(signal?: AbortSignal): AsyncGenerator<T> {
    this.opened++;
    signal?.addEventListener('abort', () => this._tell());
    for (let next = 0; !signal?.aborted;) {
      if (next < this._items.length) {
        yield this._items[next++];
      } else if (this._over) {
        return;
      } else {
        await new Promise<void>(resolve => this._wake.push(resolve));
      }
    }
  }

  private _tell(): void {
    this._wake.splice(0).forEach(wake => wake());
  }
}

/** Studio whose streams are filled by the test. */
export class LiveStudio extends FakeStudio {
  readonly run = new Channel<Run>();
  readonly activity = new Channel<ActivityEvent>();

  constructor(answers: ConstructorParameters<typeof FakeStudio>[0] = {}) {
    super({
      'pipelines/pipeline': aPipeline(),
      pipelines: { pipelines: [] },
      runs: { runs: [aRow()], total: 1, more: false },
      'runs/run': aRun(),
      ...answers
    });
    this.client.stream = ((_: keyof Streams, __: unknown, signal?: AbortSignal) =>
      this.run.read(signal)) as typeof this.client.stream;
    this.activities.watch = (_id, signal) => this.activity.read(signal);
    const start = this.activities.start.bind(this.activities);
    this.activities.start = (async (kind: any, asked: any) => {
      const refused = this.refuses;
      if (refused) {
        throw refused;
      }
      const activity = await start(kind, asked);
      activity.names = ['daily'];
      return activity;
    }) as typeof this.activities.start;
  }

  /** What starting anything meets. */
  refuses: StudioFault | null = null;
}

/** An event of an activity. */
export function anEvent(given: Partial<ActivityEvent>): ActivityEvent {
  return {
    number: 1,
    time: '2026-03-02T10:00:00Z',
    kind: 'message',
    run: '',
    step: '',
    attempt: 0,
    done: 0,
    total: 0,
    status: '',
    seconds: 0,
    text: '',
    subject: '',
    detail: '',
    result: null,
    ...given
  };
}

/** What was asked for in Lab. */
export function someActions(): { [name in keyof IActions]: jest.Mock } {
  return {
    openNotebook: jest.fn(),
    openFile: jest.fn(),
    openMlflow: jest.fn(),
    openPipeline: jest.fn()
  };
}
