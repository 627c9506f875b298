import { aNotebookState, anEvent, aTest } from '../testing/notebooks';
import { Results } from './results';

const SUBJECT = 'notebooks/train.ipynb';
const CELLS = [
  { id: 'c1', number: 1, role: 'test' as const },
  { id: 'c2', number: 2, role: 'test' as const }
];
const KEPT = [aTest('test_a'), aTest('test_b', { cell: 2, cell_id: 'c2' })];

function report(
  ...cases: { name: string; status: string; cell?: number; subject?: string; message?: string }[]
) {
  return {
    cases: cases.map(one => ({ subject: SUBJECT, rung: 'code', seconds: 0.5, cell: 1, ...one }))
  };
}

describe('results', () => {
  it('are what the server keeps as long as nothing else is heard', () => {
    expect(new Results().merged(KEPT).map(one => [one.name, one.status, one.doubtful])).toEqual([
      ['test_a', 'not run', false],
      ['test_b', 'not run', false]
    ]);
  });

  it('come in one by one while tests run', () => {
    const results = new Results();
    results.begin(['test_a', 'test_b']);
    results.hear(
      anEvent('case', { text: 'test_a', status: 'failed', detail: 'assert 3 == 4\nlong' }),
      KEPT
    );
    expect(
      results.merged(KEPT).map(one => [one.name, one.status, one.message, one.awaited])
    ).toEqual([
      ['test_a', 'failed', 'assert 3 == 4', false],
      ['test_b', 'not run', '', true]
    ]);
  });

  it('are whole once the report is there, and only of this notebook', () => {
    const results = new Results();
    results.begin(['test_b']);
    results.end(
      SUBJECT,
      report(
        { name: 'test_b', status: 'passed', cell: 2 },
        { name: 'test_a', status: 'failed', subject: 'other.ipynb' }
      ),
      CELLS
    );
    const [a, b] = results.merged(KEPT);
    expect([a.status, b.status, b.cell_id, b.awaited, b.seconds]).toEqual([
      'not run',
      'passed',
      'c2',
      false,
      0.5
    ]);
  });

  it('of a submission are in its report', () => {
    const results = new Results();
    results.end(
      SUBJECT,
      { submissions: [], report: report({ name: 'test_a', status: 'passed' }) },
      CELLS
    );
    expect(results.merged(KEPT)[0].status).toBe('passed');
  });

  it('of the cases of a function stand in its place', () => {
    const results = new Results();
    results.begin(['test_a']);
    results.end(
      SUBJECT,
      report(
        { name: 'test_a[1]', status: 'passed' },
        { name: 'test_a[2]', status: 'failed' },
        { name: 'new', status: 'error' }
      ),
      CELLS
    );
    expect(results.merged(KEPT).map(one => one.name)).toEqual([
      'test_a[1]',
      'test_a[2]',
      'test_b',
      'new'
    ]);
  });

  it('go when their cell is edited, and are doubtful when other code is', () => {
    const results = new Results();
    results.end(
      SUBJECT,
      report({ name: 'test_a', status: 'passed' }, { name: 'test_b', status: 'passed', cell: 2 }),
      CELLS
    );
    results.edit('c1', true);
    const [a, b] = results.merged(KEPT);
    expect([a.status, a.doubtful]).toEqual(['not run', false]);
    expect([b.status, b.doubtful]).toEqual(['passed', true]);
  });

  it('that come in after an edit are too late', () => {
    const results = new Results();
    results.begin(['test_a', 'test_b']);
    results.hear(anEvent('case', { text: 'test_a', status: 'failed' }), KEPT);
    results.edit('c1', true);
    results.hear(anEvent('case', { text: 'test_b', status: 'passed' }), KEPT);
    results.end(
      SUBJECT,
      report({ name: 'test_a', status: 'failed' }, { name: 'test_b', status: 'passed', cell: 2 }),
      CELLS
    );
    expect(results.merged(KEPT).map(one => [one.status, one.doubtful, one.awaited])).toEqual([
      ['not run', false, false],
      ['passed', true, false]
    ]);
    results.begin(['test_a']);
    results.end(SUBJECT, report({ name: 'test_a', status: 'passed' }), CELLS);
    expect(results.merged(KEPT)[0]).toMatchObject({ status: 'passed', doubtful: false });
  });

  it('that the server keeps go likewise, and come back when the edit is undone and saved', () => {
    const kept = [
      aTest('test_a', { status: 'passed' }),
      aTest('test_b', { status: 'failed', message: 'no', cell_id: 'c2' })
    ];
    const results = new Results();
    results.edit('c2', true);
    expect(results.merged(kept).map(one => [one.status, one.message, one.doubtful])).toEqual([
      ['passed', '', true],
      ['not run', '', false]
    ]);
    results.settle(
      aNotebookState({ cells: CELLS, tests: { cases: kept, tested: '2026-03-01T10:00:00Z' } })
    );
    expect(results.merged(kept).map(one => [one.status, one.doubtful])).toEqual([
      ['passed', false],
      ['failed', false]
    ]);
  });

  it('are not doubtful when only text is edited', () => {
    const results = new Results();
    results.end(SUBJECT, report({ name: 'test_a', status: 'passed' }), CELLS);
    results.edit('text', false);
    expect(results.merged(KEPT)[0]).toMatchObject({ status: 'passed', doubtful: false });
  });

  it('go with their cell', () => {
    const results = new Results();
    results.end(SUBJECT, report({ name: 'test_a', status: 'passed' }), CELLS);
    results.settle(aNotebookState({ cells: [CELLS[1]] }));
    expect(results.merged([])).toEqual([]);
  });

  it('of a report that is none are none', () => {
    const results = new Results();
    results.begin(['test_a']);
    results.end(SUBJECT, { cases: 'broken' }, CELLS);
    results.end(SUBJECT, null, CELLS);
    expect(results.merged(KEPT)[0]).toMatchObject({ status: 'not run', awaited: false });
  });
});
