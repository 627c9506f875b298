import { StudioFault } from '../fault';
import { FakeClient } from '../testing/fake';
import { aRow, aRun, pagesOf } from '../testing/pipelines';
import { RunPages } from './pages';

describe('pages of runs', () => {
  it('are loaded one after the other, and not twice', async () => {
    const client = new FakeClient({ runs: pagesOf(250) });
    const pages = new RunPages(client, 'daily');
    await pages.refresh();
    expect(pages.state.rows).toHaveLength(100);
    expect(pages.state.total).toBe(250);
    await Promise.all([pages.more(), pages.more()]);
    expect(pages.state.rows).toHaveLength(200);
    await pages.more();
    expect(pages.state.rows).toHaveLength(250);
    expect(pages.state.more).toBe(false);
    await pages.more();
    expect(client.asked).toHaveLength(3);
    expect(client.asked[1]).toEqual([
      'runs',
      { pipeline: 'daily', before: 'run-000151', limit: 100 }
    ]);
  });

  it('take new runs in at the top, and keep what was loaded', async () => {
    let count = 250;
    const pages = new RunPages(new FakeClient({ runs: asked => pagesOf(count)(asked) }));
    await pages.refresh();
    await pages.more();
    count = 253;
    await pages.refresh();
    expect(pages.state.rows.map(row => row.run).slice(0, 4)).toEqual([
      'run-000253',
      'run-000252',
      'run-000251',
      'run-000250'
    ]);
    expect(pages.state.rows).toHaveLength(203);
    expect(new Set(pages.state.rows.map(row => row.run)).size).toBe(203);
    expect(pages.state.more).toBe(true);
  });

  it('begin anew where too much came in between', async () => {
    let count = 250;
    const pages = new RunPages(new FakeClient({ runs: asked => pagesOf(count)(asked) }));
    await pages.refresh();
    await pages.more();
    count = 600;
    await pages.refresh();
    expect(pages.state.rows).toHaveLength(100);
    expect(pages.state.rows[0].run).toBe('run-000600');
  });

  it('say why they cannot be loaded, and stay', async () => {
    const client = new FakeClient({ runs: pagesOf(250) });
    const pages = new RunPages(client);
    await pages.refresh();
    client.answers.runs = () => {
      throw new StudioFault(500, { message: 'The disk is gone.' });
    };
    await pages.more();
    expect(pages.state.error).toBe('The disk is gone.');
    expect(pages.state.rows).toHaveLength(100);
  });

  it('follow the record of a run', async () => {
    const row = aRow({ status: 'running', seconds: null, counts: { running: 1 } });
    const pages = new RunPages(new FakeClient({ runs: { runs: [row], total: 1, more: false } }));
    await pages.refresh();
    const changed = jest.fn();
    pages.changed.connect(changed);
    pages.update(aRun());
    expect(pages.state.rows[0]).toMatchObject({ status: 'completed', seconds: 12 });
    pages.update(aRun());
    pages.update(aRun({ run: 'another' }));
    expect(changed).toHaveBeenCalledTimes(1);
  });
});
