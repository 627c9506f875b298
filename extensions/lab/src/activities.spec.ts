import { Activities } from './activities';
import type { Activity, ActivityEvent } from './api';
import { StudioFault } from './fault';
import { anActivity, FakeClient } from './testing/fake';

function made(...all: Activity[]): {
  client: FakeClient;
  activities: Activities;
  tell: (...all: Activity[]) => void;
} {
  const client = new FakeClient({ activities: { activities: all } });
  const tell = (...now: Activity[]): void => {
    client.answers.activities = { activities: now };
  };
  const activities = new Activities(client, 60000);
  disposed.push(activities);
  return { client, activities, tell };
}

const disposed: Activities[] = [];
afterEach(() => disposed.splice(0).forEach(one => one.dispose()));

const event = (number: number): ActivityEvent => ({ number, kind: 'cell' }) as ActivityEvent;

describe('activities', () => {
  it('tell what goes on, and when it ends', async () => {
    const { activities, tell } = made(anActivity({ id: 'a' }));
    const ended: string[] = [];
    let changes = 0;
    activities.ended.connect((_, one) => ended.push(`${one.id} ${one.status}`));
    activities.changed.connect(() => changes++);
    await activities.refresh();
    expect(activities.running.map(one => one.id)).toEqual(['a']);
    tell(anActivity({ id: 'b' }), anActivity({ id: 'a', status: 'failed' }));
    await activities.refresh();
    await activities.refresh();
    expect(activities.running.map(one => one.id)).toEqual(['b']);
    expect(ended).toEqual(['a failed']);
    expect(changes).toBe(2);
  });

  it('that began and ended between two looks are told too; those of before are not', async () => {
    const old = anActivity({ id: 'old', status: 'completed', started: '2026-03-01T09:00:00Z' });
    const { activities, tell } = made(old);
    const ended: string[] = [];
    activities.ended.connect((_, one) => ended.push(one.id));
    await activities.refresh();
    const older = anActivity({ id: 'older', status: 'failed', started: '2026-03-01T08:00:00Z' });
    const brief = anActivity({ id: 'brief', status: 'failed', started: '2026-03-01T09:00:05Z' });
    tell(brief, old, older);
    await activities.refresh();
    expect(ended).toEqual(['brief']);
  });

  it('that were started go on at once', async () => {
    const { activities, client } = made();
    client.answers['activities/test'] = anActivity({ id: 't', kind: 'test', status: 'starting' });
    await activities.start('test', { names: ['a.ipynb'] });
    expect(activities.running.map(one => one.id)).toEqual(['t']);
    expect(client.asked).toContainEqual(['activities/test', { names: ['a.ipynb'] }]);
  });

  it('are stopped', async () => {
    const { activities, client } = made(anActivity({ id: 'a' }));
    await activities.refresh();
    client.answers['activities/stop'] = anActivity({ id: 'a', status: 'stopped' });
    await activities.stop('a');
    expect(activities.running).toEqual([]);
  });

  it('are watched by several over one connection, each from the first event', async () => {
    const { activities, client } = made();
    client.events['activities/events'] = [event(1), event(2), event(3)];
    const one = activities.watch('a');
    await one.next();
    const seen: number[] = [];
    for await (const found of activities.watch('a')) {
      seen.push(found.number);
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(client.asked.filter(([address]) => address === 'activities/events')).toHaveLength(1);
    await one.return(undefined);
  });

  it('that cannot be watched say why', async () => {
    const { activities, client } = made();
    client.stream = async function* (): AsyncGenerator<any> {
      yield event(1);
      throw new StudioFault(404, { message: 'There is no activity x.' });
    };
    const seen: number[] = [];
    const watch = async (): Promise<void> => {
      for await (const found of activities.watch('x')) {
        seen.push(found.number);
      }
    };
    await expect(watch()).rejects.toThrow('There is no activity x.');
    expect(seen).toEqual([1]);
  });

  it('are not watched any more when nobody looks', async () => {
    const { activities, client } = made();
    const stopped: boolean[] = [];
    client.stream = async function* (
      _: unknown,
      __: unknown,
      signal?: AbortSignal
    ): AsyncGenerator<any> {
      yield event(1);
      await new Promise<void>(resolve => signal?.addEventListener('abort', () => resolve()));
      stopped.push(true);
    };
    const stop = new AbortController();
    for await (const found of activities.watch('x', stop.signal)) {
      expect(found.number).toBe(1);
      stop.abort();
    }
    await new Promise(resolve => setTimeout(resolve, 0));
    expect(stopped).toEqual([true]);
  });

  it('that the server cannot tell stay as they were known', async () => {
    const { activities, client } = made(anActivity({ id: 'a' }));
    await activities.refresh();
    client.answers.activities = () => {
      throw new StudioFault(500, { message: 'no' });
    };
    await activities.refresh();
    expect(activities.all.map(one => one.id)).toEqual(['a']);
  });
});
