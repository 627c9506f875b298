import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { FakeClient } from '../testing/fake';
import { ExecutedDrive, withoutKernels } from './drive';

const trans = nullTranslator.load('studio');

function drive(): { drive: ExecutedDrive; client: FakeClient } {
  const client = new FakeClient({
    'runs/document': ({ run, step }) => ({
      name: `${step}.ipynb`,
      path: `studio-run:${run}/${step}.ipynb`,
      content: { cells: [], nbformat: 4, nbformat_minor: 5, metadata: {} },
      modified: '2026-03-02T10:00:00Z',
      size: 10
    })
  });
  return { client, drive: new ExecutedDrive(client, {} as any, trans) };
}

describe('executed notebooks', () => {
  it('are read from the server, and cannot be written', async () => {
    const { drive: one, client } = drive();
    const model = await one.get('run-1/train[model=a/b].ipynb');
    expect(client.asked).toEqual([['runs/document', { run: 'run-1', step: 'train[model=a/b]' }]]);
    expect(model).toMatchObject({
      type: 'notebook',
      writable: false,
      name: 'train[model=a/b].ipynb',
      content: { nbformat: 4 }
    });
    expect((await one.get('run-1/a.ipynb', { content: false })).content).toBeNull();
  });

  it('have folders in which nothing is listed', async () => {
    const { drive: one, client } = drive();
    expect(await one.get('run-1')).toMatchObject({ type: 'directory', content: [] });
    expect(client.asked).toEqual([]);
  });

  it.each(['save', 'delete', 'rename', 'copy', 'newUntitled', 'createCheckpoint'] as const)(
    'say why they cannot %s',
    async verb => {
      const { drive: one } = drive();
      await expect(one[verb]()).rejects.toThrow('An executed notebook stays as it ran.');
      expect(await one.listCheckpoints()).toEqual([]);
    }
  );

  it('start no kernel, and all others do as before', async () => {
    const widgetAdded = new Signal<any, any>({});
    withoutKernels({ widgetAdded } as any);
    const panel = (path: string) => ({
      context: {
        path,
        sessionContext: { kernelPreference: { name: 'python3' }, initialize: async () => true }
      }
    });
    const executed = panel('studio-run:run-1/a.ipynb');
    const other = panel('notebooks/a.ipynb');
    widgetAdded.emit(executed);
    widgetAdded.emit(other);
    expect(executed.context.sessionContext.kernelPreference).toMatchObject({
      canStart: false,
      shouldStart: false,
      name: 'python3'
    });
    expect(await executed.context.sessionContext.initialize()).toBe(false);
    expect(await other.context.sessionContext.initialize()).toBe(true);
    expect(other.context.sessionContext.kernelPreference).toEqual({ name: 'python3' });
  });
});
