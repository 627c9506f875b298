import { StudioFault } from '../fault';
import { anActivity } from '../testing/fake';
import { anError, anEvent, aPipeline, aRow, aRun, aStep, LiveStudio } from '../testing/pipelines';
import { PipelineModel } from './model';

const RUN = aRun().run;
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 12; turn++) {
    await Promise.resolve();
  }
  await new Promise(resolve => setTimeout(resolve, 0));
};

async function opened(studio: LiveStudio, run = ''): Promise<PipelineModel> {
  const model = new PipelineModel('daily', studio);
  await model.load(run);
  await settled();
  return model;
}

describe('an open pipeline', () => {
  it('shows its latest run', async () => {
    const model = await opened(new LiveStudio());
    expect(model.snapshot).toMatchObject({ chosen: RUN, waiting: false, fault: null });
    expect(model.states.get('load')?.status).toBe('completed');
  });

  it('shows what a run would do where there was none', async () => {
    const studio = new LiveStudio({ runs: { runs: [], total: 0, more: false } });
    const model = await opened(studio);
    expect(model.snapshot.chosen).toBe('');
    expect(studio.client.asked).toContainEqual([
      'pipelines/pipeline',
      { name: 'daily', verdicts: true }
    ]);
    expect(model.states.get('load')?.status).toBe('undecided');
  });

  it('shows the run that was asked for', async () => {
    const studio = new LiveStudio({ 'runs/run': ({ run }) => aRun({ run }) });
    const model = await opened(studio, 'older');
    expect(model.snapshot.run?.run).toBe('older');
  });

  it('keeps its graph when its file breaks, and says what is wrong', async () => {
    const studio = new LiveStudio();
    const model = await opened(studio);
    studio.client.answers['pipelines/pipeline'] = aPipeline({
      steps: [],
      problem: 'line 5 is wrong'
    });
    studio.refresh();
    await settled();
    expect(model.snapshot.pipeline?.problem).toBe('line 5 is wrong');
    expect(model.snapshot.graph.steps).toHaveLength(3);
    expect(model.states.get('load')?.status).toBe('completed');
  });

  it('keeps the drawing where nothing but verdicts changed', async () => {
    const studio = new LiveStudio();
    const model = await opened(studio);
    const { graph } = model.snapshot;
    model.choose('');
    await settled();
    expect(model.snapshot.graph).toBe(graph);
  });

  it.each(['notebooks/load.ipynb', 'notebooks/load.py'])('may be a notebook, %s', async path => {
    const steps = [aStep('load', { notebook: path, lab_path: path.slice('notebooks/'.length) })];
    const pipeline = aPipeline({ name: 'notebooks-load', steps });
    const studio = new LiveStudio({ 'pipelines/pipeline': pipeline });
    const model = new PipelineModel(path, studio);
    await model.load();
    await settled();
    const pages = studio.client.asked.filter(([address]) => address === 'runs');
    expect(pages).toEqual([['runs', { pipeline: path, before: '', limit: 100 }]]);
    await model.start({});
    // As Jupyter calls it, whose folder may be one of the workspace's.
    expect(studio.activities.started).toEqual([['run', { name: steps[0].lab_path }]]);
  });

  it('says why it cannot be asked for', async () => {
    const gone = new StudioFault(404, { message: 'There is no pipeline daily.' });
    const model = await opened(
      new LiveStudio({
        'pipelines/pipeline': () => {
          throw gone;
        }
      })
    );
    expect(model.snapshot.fault).toBe(gone);
    expect(model.snapshot.run?.run).toBe(RUN);
  });
});

describe('a run that goes on', () => {
  const live = (done: number, more: object = {}) =>
    aRun(
      { status: 'running', ended: null, seconds: null, ...more },
      { load: { status: 'running', done, total: 9 } }
    );

  it('is followed to its end', async () => {
    const studio = new LiveStudio({ 'runs/run': live(0) });
    const model = await opened(studio);
    studio.run.push(live(3));
    await settled();
    expect(model.states.get('load')).toMatchObject({ status: 'running', done: 3 });
    studio.run.push(aRun());
    studio.run.end();
    await settled();
    expect(model.snapshot.run?.status).toBe('completed');
    expect(model.runs.state.rows[0].status).toBe('completed');
  });

  it('is not followed while nobody looks', async () => {
    const studio = new LiveStudio({ 'runs/run': live(0) });
    const model = await opened(studio);
    expect(studio.run.opened).toBe(1);
    model.visible = false;
    studio.run.push(live(5));
    await settled();
    expect(model.states.get('load')?.done).toBe(0);
    model.visible = true;
    await settled();
    expect(studio.run.opened).toBe(2);
    expect(model.states.get('load')?.done).toBe(5);
  });

  it('leads to the step that failed', async () => {
    const studio = new LiveStudio({ 'runs/run': live(0) });
    const model = await opened(studio);
    studio.run.push(aRun({ status: 'failed' }, { report: { status: 'failed', error: anError() } }));
    await settled();
    expect(model.snapshot).toMatchObject({ beside: 'step', selected: 'report' });
  });

  it('does not take away what somebody looks at', async () => {
    const studio = new LiveStudio({ 'runs/run': live(0) });
    const model = await opened(studio);
    model.select('load');
    studio.run.push(aRun({ status: 'failed' }, { report: { status: 'failed', error: anError() } }));
    await settled();
    expect(model.snapshot.selected).toBe('load');
  });
});

describe('what is started', () => {
  it('is followed from the plan to the run', async () => {
    const studio = new LiveStudio();
    const model = await opened(studio);
    expect(await model.start({ values: { rows: 7 }, environment: 'dev' })).toBeNull();
    await settled();
    expect(studio.activities.started).toEqual([
      ['run', { name: 'daily', values: { rows: 7 }, environment: 'dev' }]
    ]);
    expect(model.snapshot.going).toMatchObject({ begun: false });
    studio.client.answers['runs/run'] = ({ run }) => aRun({ run });
    studio.client.answers.runs = { runs: [aRow({ run: 'new' }), aRow()], total: 2, more: false };
    studio.activity.push(anEvent({ kind: 'run', run: 'new', status: 'running' }));
    await settled();
    expect(model.snapshot).toMatchObject({ chosen: 'new', going: { begun: true } });
    studio.activity.push(anEvent({ kind: 'ended', status: 'completed' }));
    studio.activity.end();
    await settled();
    expect(model.snapshot).toMatchObject({ going: null, notice: null, chosen: 'new' });
    expect(model.runs.state.rows[0].run).toBe('new');
  });

  it('may be refused, with the reasons', async () => {
    const studio = new LiveStudio();
    const model = await opened(studio);
    await model.start({ environment: 'prod' });
    studio.activity.push(
      anEvent({ kind: 'ended', status: 'refused', text: 'daily may not run in prod' })
    );
    studio.activity.end();
    await settled();
    expect(model.snapshot.going).toBeNull();
    expect(model.snapshot.notice).toMatchObject({
      message: 'daily may not run in prod',
      rule: 'refused'
    });
    model.dismiss();
    expect(model.snapshot.notice).toBeNull();
  });

  it('may be wrong before it starts', async () => {
    const studio = new LiveStudio();
    const model = await opened(studio);
    studio.refuses = new StudioFault(400, {
      message: 'rows must be a whole number.',
      problems: [{ path: '', line: 0, field: 'rows', message: 'must be a whole number' }]
    });
    const fault = await model.start({ values: { rows: 'x' } });
    expect(fault?.byField()).toEqual({ rows: 'must be a whole number' });
    expect(model.snapshot.notice).toBe(fault);
  });

  it('is stopped', async () => {
    const studio = new LiveStudio();
    const model = await opened(studio);
    await model.start({});
    await model.stop();
    expect(studio.activities.stopped).toEqual(['activity-1']);
    expect(model.snapshot.going?.stopping).toBe(true);
  });

  it('is noticed where somebody else in this Lab started it', async () => {
    const studio = new LiveStudio();
    const model = await opened(studio);
    studio.activities.set([anActivity({ id: 'theirs', names: ['other'] })]);
    expect(model.snapshot.going).toBeNull();
    studio.activities.set([anActivity({ id: 'theirs', names: ['daily'] })]);
    expect(model.snapshot.going?.activity.id).toBe('theirs');
    studio.activity.end();
    await settled();
    expect(model.snapshot.going).toBeNull();
    // The list learns of its end later; until then it is not taken up again.
    studio.activities.changed.emit();
    expect(model.snapshot.going).toBeNull();
  });

  it('is noticed where somebody started it on the command line', async () => {
    jest.useFakeTimers();
    try {
      const studio = new LiveStudio();
      const model = new PipelineModel('daily', studio);
      await model.load();
      await jest.advanceTimersByTimeAsync(100);
      const latest = aRow({ run: 'of-a-terminal', status: 'running' });
      studio.client.answers['runs'] = { runs: [latest, aRow()], total: 2, more: false };
      await jest.advanceTimersByTimeAsync(11_000);
      expect(model.runs.state.rows.map(row => row.run)).toEqual(['of-a-terminal', RUN]);
      model.visible = false;
      const asked = studio.client.asked.length;
      await jest.advanceTimersByTimeAsync(60_000);
      expect(studio.client.asked).toHaveLength(asked);
      model.dispose();
    } finally {
      jest.useRealTimers();
    }
  });

  it('is continued', async () => {
    const studio = new LiveStudio({ 'runs/run': aRun({ status: 'failed' }) });
    const model = await opened(studio);
    await model.resume();
    expect(studio.activities.started).toEqual([['resume', { run: RUN }]]);
  });
});

describe('two runs', () => {
  it('stand in the order in which they ran', async () => {
    const model = await opened(new LiveStudio());
    model.compare('20260302-2', '20260301-1');
    expect(model.snapshot).toMatchObject({
      compared: ['20260301-1', '20260302-2'],
      beside: 'comparison'
    });
  });
});

describe('a closed pipeline', () => {
  it('listens to nothing any more', async () => {
    const studio = new LiveStudio();
    const model = await opened(studio);
    const changed = jest.fn();
    model.changed.connect(changed);
    const asked = studio.client.asked.length;
    model.dispose();
    studio.refresh();
    studio.activities.set([anActivity({ names: ['daily'] })]);
    await settled();
    expect(changed).not.toHaveBeenCalled();
    expect(studio.client.asked).toHaveLength(asked);
  });
});
