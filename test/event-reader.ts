import http from 'node:http';

/** One event as a browser's EventSource would give it; comments and events without data are passed over. */
export interface SentEvent {
  /** Empty for an unnamed one, which `onmessage` gets. */
  readonly name: string;
  readonly id: string;
  readonly data: string;
}

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
    let rest = '';
    try {
      for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop()!;
        for (const block of blocks) {
          const event = this.#parse(block);
          if (event) yield event;
        }
      }
    } catch (error) {
      if (!['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw error;
    } finally {
      response.destroy();
    }
  }

  #parse(block: string): SentEvent | undefined {
    const fields = new Map(
      block.split('\n').map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')] as const;
      }),
    );
    this.lastEventId = fields.get('id') ?? this.lastEventId;
    const data = fields.get('data');
    return data === undefined ? undefined : { name: fields.get('event') ?? '', id: this.lastEventId, data };
  }
}

/** The first `count` events; the reader then leaves. */
export async function take(reader: EventReader, count: number): Promise<SentEvent[]> {
  const events: SentEvent[] = [];
  for await (const event of reader) if (events.push(event) === count) break;
  return events;
}
