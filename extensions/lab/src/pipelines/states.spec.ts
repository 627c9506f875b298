import { aPipeline, aRun } from '../testing/pipelines';
import { fold } from './fold';
import { StepStates, statesOfPlan, statesOfRun } from './states';

const graph = fold(aPipeline());
const frame = (): Promise<void> =>
  new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));

describe('the states of a run', () => {
  it('are those of its record', () => {
    const states = statesOfRun(graph, aRun({}, { load: { status: 'running', done: 3, total: 9 } }));
    expect(states.get('load')).toMatchObject({ status: 'running', done: 3, total: 9 });
    expect(states.get('report')).toMatchObject({ status: 'completed', seconds: 2 });
  });

  it('call a fan-out by the worst of its parts, and count them', () => {
    const run = aRun(
      {},
      {
        'train[model=tree]': { status: 'failed', seconds: 1 },
        'train[model=forest]': { status: 'running', seconds: null, done: 1, total: 4 }
      }
    );
    const train = statesOfRun(graph, run).get('train');
    expect(train?.status).toBe('failed');
    expect(train?.counts).toEqual([
      ['failed', 1],
      ['running', 1],
      ['completed', 1]
    ]);
    expect(train?.seconds).toBeNull();
    expect(train?.parts.get('train[model=forest]')?.done).toBe(1);
  });

  it('say so where the run knows no such step', () => {
    const run = aRun();
    const states = statesOfRun(graph, { ...run, steps: run.steps.slice(0, 1) });
    expect(states.get('report')?.status).toBe('absent');
  });
});

describe('what a run would do', () => {
  it('is what the plan says', () => {
    const { steps } = aPipeline();
    const verdict = (reuse: boolean, undecided: boolean, reason: string) => ({
      reuse,
      undecided,
      reason
    });
    steps[0] = { ...steps[0], verdict: verdict(false, false, 'cell 3 changed') };
    steps[4] = { ...steps[4], verdict: verdict(true, false, 'nothing changed') };
    const states = statesOfPlan(graph, steps);
    expect(states.get('load')).toMatchObject({ status: 'would run', reason: 'cell 3 changed' });
    expect(states.get('report')).toMatchObject({ status: 'would be reused' });
    expect(states.get('train')).toMatchObject({ status: 'undecided' });
  });
});

describe('who draws a step', () => {
  it('is told of its own changes alone, once a frame', async () => {
    const states = new StepStates();
    states.set(statesOfRun(graph, aRun()));
    await frame();
    const told = { load: jest.fn(), report: jest.fn(), all: jest.fn() };
    states.subscribe('load', told.load);
    states.subscribe('report', told.report);
    states.subscribeAll(told.all);
    const before = states.get('report');
    for (let done = 1; done <= 5; done++) {
      states.set(statesOfRun(graph, aRun({}, { load: { status: 'running', done, total: 9 } })));
    }
    await frame();
    expect(told.load).toHaveBeenCalledTimes(1);
    expect(told.all).toHaveBeenCalledTimes(1);
    expect(told.report).not.toHaveBeenCalled();
    expect(states.get('report')).toBe(before);
    expect(states.get('load')?.done).toBe(5);
  });

  it('is told nothing where nothing changed, or after it left', async () => {
    const states = new StepStates();
    const told = jest.fn();
    const leave = states.subscribe('load', told);
    states.set(statesOfRun(graph, aRun()));
    await frame();
    states.set(statesOfRun(graph, aRun()));
    await frame();
    expect(told).toHaveBeenCalledTimes(1);
    leave();
    states.set(statesOfRun(graph, aRun({}, { load: { status: 'failed' } })));
    await frame();
    expect(told).toHaveBeenCalledTimes(1);
  });
});
