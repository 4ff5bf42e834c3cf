import http from 'node:http';
import { EventParser, type SentEvent as ParsedEvent } from '../control-plane/http/event-parser.ts';

/** One event as a browser's `EventSource` would give it; comments and events without data are passed over. */
export type SentEvent = ParsedEvent & { readonly data: string };

/** A reader of server-sent events that can be cut off like a broken network. */
export class EventReader implements AsyncIterable<SentEvent> {
  /** What `EventSource` would send as `Last-Event-ID`. */
  lastEventId = '';
  status = 0;
  headers: http.IncomingHttpHeaders = {};
  readonly #url: string;
  readonly #options: http.RequestOptions;
  #request: http.ClientRequest | undefined;

  constructor(url: string, options: http.RequestOptions = {}) {
    this.#url = url;
    this.#options = options;
  }

  cut(): void {
    this.#request?.destroy();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SentEvent> {
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      this.#request = http.request(this.#url, this.#options, resolve).on('error', reject);
      this.#request.end();
    });
    this.status = response.statusCode!;
    this.headers = response.headers;
    const parser = new EventParser(this.lastEventId);
    try {
      for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
        for (const { name, id, data } of parser.push(chunk)) {
          this.lastEventId = id;
          if (data !== undefined) yield { name, id, data };
        }
      }
    } catch (error) {
      if (!['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw error;
    } finally {
      response.destroy();
    }
  }
}

/** The first `count` events; the reader then leaves. */
export async function take(reader: EventReader, count: number): Promise<SentEvent[]> {
  const events: SentEvent[] = [];
  for await (const event of reader) if (events.push(event) === count) break;
  return events;
}
