import { ServerConnection } from '@jupyterlab/services';

import { StudioClient } from './client';
import { StudioFault } from './fault';

type Reply = { status?: number; body?: string; chunks?: string[]; breaks?: boolean } | Error;

/** Answers in turn; the last reply again and again. */
function serving(...replies: Reply[]): { client: StudioClient; requests: Request[] } {
  const requests: Request[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    const reply = replies[Math.min(requests.length, replies.length - 1)];
    requests.push(request);
    if (reply instanceof Error) {
      throw reply;
    }
    const { status = 200, body = '', chunks, breaks = false } = reply;
    return {
      ok: status < 400,
      status,
      text: async () => body,
      body: chunks ? streaming(chunks, breaks) : null
    } as Response;
  };
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost:8888/base/',
    token: 'secret',
    fetch: fetch as any,
    Request: FakeRequest as any
  });
  return { client: new StudioClient({ settings, pauses: { first: 1, most: 4 } }), requests };
}

class FakeRequest {
  readonly headers: Headers;
  constructor(
    readonly url: string,
    readonly init: RequestInit
  ) {
    this.headers = new Headers(init.headers);
  }
}

function streaming(chunks: string[], breaks: boolean): ReadableStream<Uint8Array> {
  const bytes = chunks.map(chunk => new TextEncoder().encode(chunk));
  return {
    getReader: () => ({
      read: async () => {
        const value = bytes.shift();
        if (value) {
          return { done: false, value };
        }
        if (breaks) {
          throw new TypeError('network error');
        }
        return { done: true, value: undefined };
      },
      cancel: async () => undefined
    })
  } as any;
}

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const event of events) {
    found.push(event);
  }
  return found;
}

const caught = (promise: Promise<unknown>): Promise<StudioFault> =>
  promise.then(() => fail('no fault'), StudioFault.of);
function fail(text: string): never {
  throw new Error(text);
}

const FAILURE = {
  message: 'a.ipynb changed since its approval.',
  next: 'submit it again.',
  rule: 'approved-content',
  problems: [{ path: 'a.yml', line: 3, field: 'rows', message: 'It is no number.' }],
  number: ''
};

describe('asking', () => {
  it('sends what is asked in the query string, with the token', async () => {
    const { client, requests } = serving({ body: '{"runs": [], "total": 0, "more": false}' });
    const answer = await client.get('runs', { pipeline: 'a b', limit: 5 });
    expect(answer.total).toBe(0);
    expect(requests[0].url).toBe(
      'http://localhost:8888/base/studio/api/v1/runs?pipeline=a+b&limit=5'
    );
    expect(requests[0].headers.get('Authorization')).toBe('token secret');
  });

  it('sends what is to be done as JSON', async () => {
    const { client, requests } = serving({ body: '{}' });
    await client.post('notebooks/fix', { path: 'a.ipynb', rules: ['x'] });
    expect((requests[0] as any).init).toMatchObject({
      method: 'POST',
      body: '{"path":"a.ipynb","rules":["x"]}'
    });
    await client.post('ledger/verify');
    expect((requests[1] as any).init.body).toBe('{}');
  });

  it('tells a failure in the words of the server', async () => {
    const { client } = serving({ status: 403, body: JSON.stringify(FAILURE) });
    const fault = await caught(client.get('session'));
    expect(fault).toMatchObject({
      status: 403,
      message: FAILURE.message,
      next: FAILURE.next,
      rule: FAILURE.rule
    });
    expect(fault.byField()).toEqual({ rows: 'It is no number.' });
  });

  it('tells that the server part is missing, and what a proxy answered', async () => {
    expect(
      (await caught(serving({ status: 404, body: '<html>' }).client.get('session'))).rule
    ).toBe('NoServer');
    const jupyters = JSON.stringify({ message: 'Not Found', reason: null });
    expect(
      (await caught(serving({ status: 404, body: jupyters }).client.get('session'))).rule
    ).toBe('NoServer');
    expect(
      (await caught(serving({ status: 502, body: '<html>' }).client.get('session'))).status
    ).toBe(502);
    expect((await caught(serving({ body: 'no JSON' }).client.get('session'))).rule).toBe(
      'Unreadable'
    );
  });

  it('tells that Jupyter does not answer', async () => {
    const fault = await caught(serving(new TypeError('Failed to fetch')).client.get('session'));
    expect(fault).toMatchObject({
      status: 0,
      rule: 'NoAnswer',
      message: 'Jupyter does not answer.'
    });
  });
});

describe('following', () => {
  it('gives events until the server ends them, however they are cut into pieces', async () => {
    const chunks = [
      ': beat\n\nretry: 2000\n\nid: 1\nda',
      'ta: {"number": 1}\n',
      '\nid: 2\ndata: {"number": 2}\n\n',
      'event: end\ndata: {}\n\n'
    ];
    const { client, requests } = serving({ chunks });
    const events = await all(client.stream('activities/events', { id: 'x' }));
    expect(events.map(event => event.number)).toEqual([1, 2]);
    expect(requests).toHaveLength(1);
  });

  it('goes on after the last event when the connection was lost', async () => {
    const { client, requests } = serving(
      { chunks: ['id: 1\ndata: {"number": 1}\n\nid: 2\ndata: {"num'], breaks: true },
      new TypeError('Failed to fetch'),
      { status: 503, body: '{"message": "busy", "next": ""}' },
      { chunks: ['id: 2\ndata: {"number": 2}\n\n'] },
      { chunks: ['event: end\ndata: {}\n\n'] }
    );
    const events = await all(client.stream('activities/events', { id: 'x' }));
    expect(events.map(event => event.number)).toEqual([1, 2]);
    expect(requests.map(request => request.headers.get('Last-Event-ID'))).toEqual([
      null,
      '1',
      '1',
      '1',
      '2'
    ]);
  });

  it('ends with the fault that the server tells, in the answer or in the stream', async () => {
    const refused = serving({ status: 403, body: JSON.stringify(FAILURE) });
    expect((await caught(all(refused.client.stream('runs/events', { run: 'x' })))).status).toBe(
      403
    );
    expect(refused.requests).toHaveLength(1);
    const broken = serving({ chunks: [`event: error\ndata: ${JSON.stringify(FAILURE)}\n\n`] });
    expect((await caught(all(broken.client.stream('runs/events', { run: 'x' })))).message).toBe(
      FAILURE.message
    );
    expect(broken.requests).toHaveLength(1);
  });

  it('ends when nobody follows any more', async () => {
    const stop = new AbortController();
    const { client, requests } = serving({ chunks: ['data: {"run": "x"}\n\n'] });
    const seen: unknown[] = [];
    for await (const event of client.stream('runs/events', { run: 'x' }, stop.signal)) {
      seen.push(event);
      if (seen.length === 3) {
        stop.abort();
      }
    }
    expect(seen).toHaveLength(3);
    expect(requests).toHaveLength(3);
  });

  it('keeps connections for Jupyter: more streams wait for one to end', async () => {
    const { client, requests } = serving({
      chunks: ['data: {"run": "x"}\n\n', 'data: {"run": "y"}\n\n']
    });
    const streams = [1, 2, 3, 4].map(run => client.stream('runs/events', { run: String(run) }));
    const first = streams.map(stream => stream.next());
    await Promise.all(first.slice(0, 3));
    expect(requests).toHaveLength(3);
    await streams[1].return(undefined);
    await first[3];
    expect(requests).toHaveLength(4);
    await Promise.all(streams.map(stream => stream.return(undefined)));
  });
});
