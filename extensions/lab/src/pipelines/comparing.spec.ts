import { aRun } from '../testing/pipelines';
import { compareRuns } from './comparing';

describe('two runs side by side', () => {
  const left = aRun({}, { load: { metrics: { auc: 0.8 } }, report: { status: 'failed' } });
  const right = aRun({}, { load: { metrics: { auc: 0.85, loss: 1 }, seconds: 9 } });
  const lines = compareRuns(left, right);
  const line = (step: string, kind: string, name = '') =>
    lines.find(one => one.step === step && one.kind === kind && one.name === name);

  it('differ in measures, by how much', () => {
    expect(line('load', 'measure', 'auc')).toMatchObject({ left: 0.8, right: 0.85, differs: true });
    expect(line('load', 'measure', 'auc')?.change).toBeCloseTo(0.05);
    expect(line('load', 'measure', 'loss')).toMatchObject({
      left: undefined,
      right: 1,
      change: null
    });
  });

  it('differ in how a step ended, and never because of time alone', () => {
    expect(line('report', 'status')).toMatchObject({
      left: 'failed',
      right: 'completed',
      differs: true
    });
    expect(line('load', 'seconds')).toMatchObject({ left: 2, right: 9, differs: false });
    expect(line('load', 'value', 'rows')).toMatchObject({ left: 100, right: 100, differs: false });
  });

  it('show steps that only one of them has', () => {
    const only = compareRuns(left, { ...right, steps: right.steps.slice(0, 1) });
    expect(only.find(one => one.step === 'report' && one.kind === 'status')).toMatchObject({
      left: 'failed',
      right: undefined,
      differs: true
    });
  });
});
