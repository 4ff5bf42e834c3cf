import { Backoff } from '../../pipeline/runtime/backoff.ts';
import { EventParser } from '../http/event-parser.ts';
import { RefusedError, request, type ServerOptions } from './api.ts';

export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

const RETRIES = { firstMs: 500, maxMs: 10_000, jitter: 0.25 };

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
  const backoff = new Backoff(RETRIES);
  let last = '';
  let connected = false;
  for (;;) {
    let reason = 'the stream ended';
    try {
      const resume = last === '' ? { query } : { query: { ...query, tail: undefined } };
      const response = await request(server, path, {
        ...resume,
        headers: {
          accept: 'text/event-stream',
          ...headers,
          ...(last !== '' && { 'last-event-id': last }),
        },
      });
      connected = true;
      backoff.reset();
      const parser = new EventParser(last);
      const decoder = new TextDecoder();
      for await (const chunk of response.body!) {
        for (const { name, id, data } of parser.push(decoder.decode(chunk, { stream: true }))) {
          last = id;
          if (data !== undefined) yield { name: name || 'message', data };
        }
      }
      if (once) return;
    } catch (error) {
      const passing = error instanceof RefusedError ? error.status >= 500 : true;
      if (!connected || !passing || once) throw error;
      reason = (error as Error).message;
    }
    onReconnect(reason);
    await backoff.wait();
  }
}
