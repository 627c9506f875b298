/**
 * Server-sent events read from an answer's body: `EventSource` can neither send Jupyter's token nor tell why it failed.
 */

/** One event. */
export interface IServerEvent {
  /** `message` where the server names no other. */
  event: string;
  /** "" where it has none. */
  id: string;
  data: string;
}

/** The events of a body, until it ends; throws what reading throws. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<IServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += decoder.decode(value, { stream: !done });
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parsed(block);
        if (event) {
          yield event;
        }
      }
      if (done) {
        return; // what stands after the last empty line was cut off: it comes again with the next connection
      }
    }
  } finally {
    void reader.cancel().catch(() => undefined); // the connection may be gone already
  }
}

/** One block as an event; null for comments and for settings such as `retry`. */
function parsed(block: string): IServerEvent | null {
  const event: IServerEvent = { event: 'message', id: '', data: '' };
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    const value = line.slice(colon + 1).replace(/^ /, '');
    switch (line.slice(0, colon)) {
      case 'data':
        data.push(value);
        break;
      case 'event':
        event.event = value;
        break;
      case 'id':
        event.id = value;
        break;
    }
  }
  event.data = data.join('\n');
  return data.length > 0 ? event : null;
}
