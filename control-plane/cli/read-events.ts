import { setTimeout } from 'node:timers/promises';
import { RefusedError, request, type ServerOptions } from './api.ts';

export interface ServerEvent {
  readonly name: string;
  readonly id: string | undefined;
  readonly data: string;
}

const MAX_WAIT_MILLISECONDS = 10_000;

export interface ReadEventsOptions {
  readonly query: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends with the stream in place of connecting again. */
  readonly once: boolean;
  readonly onReconnect: (reason: string) => void;
}

/**
 * Server-sent events of a stream. A connection that breaks is made again behind the last event, so that
 * none is lost or repeated.
 * @throws Error where the first connection fails, or the server refuses
 */
export async function* readEvents(
  server: ServerOptions,
  path: string,
  { query, headers, once, onReconnect }: ReadEventsOptions,
): AsyncGenerator<ServerEvent> {
  let last: string | undefined;
  let connected = false;
  for (let wait = 500; ; wait = Math.min(wait * 2, MAX_WAIT_MILLISECONDS)) {
    let reason = 'the stream ended';
    try {
      const resume = last === undefined ? { query } : { query: { ...query, tail: undefined } };
      const response = await request(server, path, {
        ...resume,
        headers: {
          accept: 'text/event-stream',
          ...headers,
          ...(last !== undefined && { 'last-event-id': last }),
        },
      });
      connected = true;
      wait = 500;
      for await (const event of parseEvents(response.body!)) {
        last = event.id ?? last;
        yield event;
      }
      if (once) return;
    } catch (error) {
      const passing = error instanceof RefusedError ? error.status >= 500 : true;
      if (!connected || !passing || once) throw error;
      reason = (error as Error).message;
    }
    onReconnect(reason);
    await setTimeout(wait);
  }
}

async function* parseEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const events = rest.split('\n\n');
    rest = events.pop()!;
    for (const event of events) {
      const fields = Object.fromEntries(
        event.split('\n').map((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
        }),
      );
      if (fields.data !== undefined)
        yield { name: fields.event ?? 'message', id: fields.id, data: fields.data };
    }
  }
}
