/**
 * The only place that talks to the server: addresses, Jupyter's token, errors as faults, streams that come back.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { type Failure, type Gets, type Posts, PREFIX, type Streams } from './api';
import { eventsOf } from './events';
import { isFailure, StudioFault } from './fault';
import { Semaphore } from './semaphore';
import type { Asked, IStudioClient } from './tokens';

/** A browser keeps six connections to one host: the others belong to Jupyter. */
const STREAMS = 3;
/** Milliseconds before a lost stream is taken up again: at first, and at most. */
const PAUSES = { first: 500, most: 15000 };
/** What a proxy or a busy server answers, and what another attempt may mend. */
const PASSING = new Set([0, 429, 502, 503, 504]);

/** Asks Studio's server through Jupyter's connection. */
export class StudioClient implements IStudioClient {
  private readonly _settings: ServerConnection.ISettings;
  private readonly _pauses: typeof PAUSES;
  private readonly _streams = new Semaphore(STREAMS);

  constructor(options: { settings?: ServerConnection.ISettings; pauses?: typeof PAUSES } = {}) {
    this._settings = options.settings ?? ServerConnection.makeSettings();
    this._pauses = options.pauses ?? PAUSES;
  }

  url(address: string): string {
    return URLExt.join(this._settings.baseUrl, PREFIX, address);
  }

  async get<A extends keyof Gets>(
    address: A,
    ...[asked, signal]: Asked<Gets[A]['asked']>
  ): Promise<Gets[A]['answer']> {
    const response = await this._request(this.url(address) + query(asked), {
      method: 'GET',
      signal
    });
    return this._answer(response);
  }

  async post<A extends keyof Posts>(
    address: A,
    ...[asked, signal]: Asked<Posts[A]['asked']>
  ): Promise<Posts[A]['answer']> {
    const body = JSON.stringify(asked ?? {});
    return this._answer(await this._request(this.url(address), { method: 'POST', body, signal }));
  }

  async *stream<A extends keyof Streams>(
    address: A,
    asked: Streams[A]['asked'],
    signal?: AbortSignal
  ): AsyncGenerator<Streams[A]['answer']> {
    const url = this.url(address) + query(asked);
    const leave = await this._streams.enter(signal);
    const ended = new AbortController();
    const stop = (): void => ended.abort();
    signal?.addEventListener('abort', stop);
    try {
      let last = '';
      let pause = this._pauses.first;
      while (!signal?.aborted) {
        try {
          for await (const event of eventsOf(await this._open(url, last, ended.signal))) {
            pause = this._pauses.first;
            last = event.id || last;
            if (event.event === 'end') {
              return;
            }
            if (event.event === 'error') {
              throw new Ended(fault(200, event.data));
            }
            yield JSON.parse(event.data);
          }
        } catch (reason) {
          if (signal?.aborted) {
            return;
          }
          if (reason instanceof Ended) {
            throw reason.fault;
          }
          const mendable =
            reason instanceof StudioFault ? PASSING.has(reason.status) : isLost(reason);
          if (!mendable) {
            throw StudioFault.of(reason);
          }
        }
        await slept(pause, signal);
        pause = Math.min(2 * pause, this._pauses.most);
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      ended.abort();
      leave();
    }
  }

  private async _open(
    url: string,
    last: string,
    signal: AbortSignal
  ): Promise<ReadableStream<Uint8Array>> {
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    if (last) {
      headers['Last-Event-ID'] = last;
    }
    const response = await this._request(url, { method: 'GET', headers, signal });
    if (!response.ok || !response.body) {
      throw fault(response.status, await response.text());
    }
    return response.body;
  }

  private async _request(url: string, init: RequestInit): Promise<Response> {
    try {
      return await ServerConnection.makeRequest(
        url,
        { cache: 'no-cache', ...init },
        this._settings
      );
    } catch (reason) {
      if (init.signal?.aborted) {
        throw reason;
      }
      throw new StudioFault(0, {
        message: 'Jupyter does not answer.',
        next: 'see whether its server still runs and can be reached.',
        rule: 'NoAnswer'
      });
    }
  }

  private async _answer(response: Response): Promise<any> {
    const text = await response.text();
    if (!response.ok) {
      throw fault(response.status, text);
    }
    try {
      return JSON.parse(text);
    } catch {
      throw fault(response.status, text);
    }
  }
}

/** What ends a stream for good. */
class Ended extends Error {
  constructor(readonly fault: StudioFault) {
    super(fault.message);
  }
}

/** The body of an answer that is no success. */
function fault(status: number, text: string): StudioFault {
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    body = null; // a page of a proxy, or of a Jupyter without Studio
  }
  if (isFailure(body) && ('next' in body || status !== 404)) {
    return new StudioFault(status, body as Failure);
  }
  if (status === 404) {
    const message = "Studio's part of the Jupyter server is not there.";
    return new StudioFault(404, {
      message,
      next: 'type: jupyter server extension list',
      rule: 'NoServer'
    });
  }
  const message = `The server gave an answer that Studio cannot read (status ${status}).`;
  return new StudioFault(status, { message, next: "look into Jupyter's log.", rule: 'Unreadable' });
}

/** Whether a connection broke off while it was read: what browsers throw then is a TypeError, or an AbortError. */
function isLost(reason: unknown): boolean {
  return reason instanceof TypeError || (reason instanceof Error && reason.name === 'AbortError');
}

/** The query string of what is asked; "" for nothing. */
function query(asked: object | null | undefined): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(asked ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) {
        pairs.append(name, String(one));
      }
    }
  }
  const text = pairs.toString();
  return text ? `?${text}` : '';
}

/** Wait; shorter when `signal` is aborted. */
function slept(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      window.clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = window.setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done);
  });
}
