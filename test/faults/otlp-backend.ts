import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** Takes what is forwarded as OTLP/HTTP JSON. A batch that comes again with the same bytes counts once, as in any backend that knows repetitions. */
export class OtlpBackend {
  readonly #server: Server;
  readonly #known = new Set<string>();
  /** How often each number arrived. */
  readonly times: number[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<OtlpBackend> {
    const server = createServer(async (request, response) => {
      const pieces = await request.toArray();
      backend.#take(Buffer.concat(pieces));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    const backend = new OtlpBackend(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return backend;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/logs`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** @param body packed with gzip, as it was sent */
  #take(body: Buffer): void {
    const digest = createHash('sha256').update(body).digest('base64');
    if (this.#known.has(digest)) return;
    this.#known.add(digest);
    for (const [, number] of gunzipSync(body)
      .toString()
      .matchAll(/"key":"n","value":\{"\w+Value":"?(\d+)/g)) {
      this.times[Number(number)] = (this.times[Number(number)] ?? 0) + 1;
    }
  }
}
