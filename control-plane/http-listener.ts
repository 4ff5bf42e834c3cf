import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { answerRefused, requireHost } from './http/refused-requests.ts';
import type { TlsFiles } from './read-tls.ts';

/** Longer than the 30 s for which Fluent Bit keeps an idle connection, so that it never writes into a closed one. */
const KEEP_ALIVE_MILLISECONDS = 65_000;

export interface HttpListener {
  /** `http://host:port`, with TLS `https://host:port` */
  readonly url: string;
  /** Waits for requests under way; connections that are still open after so many milliseconds are cut. */
  stop(withinMs: number): Promise<void>;
}

/** @param tls HTTPS in place of HTTP */
export async function startHttpListener(
  port: number,
  host: string,
  answer: RequestListener,
  tls: TlsFiles | undefined,
): Promise<HttpListener> {
  const options = { keepAliveTimeout: KEEP_ALIVE_MILLISECONDS, requireHostHeader: false };
  const checked = requireHost(answer);
  const server = tls ? createTlsServer({ ...options, ...tls }, checked) : createServer(options, checked);
  answerRefused(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `${tls ? 'https' : 'http'}://${name}:${address.port}`,
    stop: (withinMs) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), withinMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
