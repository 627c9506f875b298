import { StudioFault } from './fault';
import { Studio } from './studio';
import { aSession, FakeClient } from './testing/fake';

const later = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 50));

describe('Studio', () => {
  let studio: Studio;
  afterEach(() => studio.dispose());

  it('tells who works here, and again only when that changed', async () => {
    const client = new FakeClient({ session: aSession(), activities: { activities: [] } });
    studio = new Studio(client);
    let changes = 0;
    studio.changed.connect(() => changes++);
    await studio.begin();
    await later();
    expect(studio.session?.name).toBe('Ada');
    studio.refresh();
    await later();
    expect(changes).toBe(1);
    client.answers.session = aSession({ roles: ['owner'] });
    studio.refresh();
    await later();
    expect([changes, studio.session?.roles]).toEqual([2, ['owner']]);
  });

  it('tells why nobody is known, and finds the workspace when it is made', async () => {
    const client = new FakeClient({ activities: { activities: [] } });
    studio = new Studio(client);
    client.answers.session = () => {
      throw new StudioFault(404, { message: 'There is no workspace here.', rule: 'NoWorkspace' });
    };
    await studio.begin();
    await later();
    expect([studio.session, studio.fault?.rule]).toEqual([null, 'NoWorkspace']);
    client.answers.session = aSession();
    studio.refresh();
    await later();
    expect([studio.session?.project, studio.fault]).toEqual(['churn', null]);
  });

  it('makes all panels ask anew', async () => {
    studio = new Studio(new FakeClient({ session: aSession(), activities: { activities: [] } }));
    let asked = 0;
    studio.refreshed.connect(() => asked++);
    studio.refresh();
    expect(asked).toBe(1);
  });
});
