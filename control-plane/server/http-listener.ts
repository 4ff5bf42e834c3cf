import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { oneAtATime } from '../http/pipelined-requests.ts';
import { answerRefused, requireHost } from '../http/refused-requests.ts';
import type { SlowReaders } from '../http/slow-readers.ts';
import type { TlsFiles } from './tls.ts';

/** Longer than the 30 s for which Fluent Bit keeps an idle connection, so that it never writes into a closed one. */
const KEEP_ALIVE_MILLISECONDS = 65_000;
/** An idle connection is probed after this time, so that a vanished peer is noticed. */
const PROBE_MILLISECONDS = 30_000;

export interface HttpListener {
  /** `http://host:port`, with TLS `https://host:port` */
  readonly url: string;
  /** Waits for requests under way; connections that are still open after `withinMs` milliseconds are closed. */
  stop(withinMs: number): Promise<void>;
}

/** @param tls certificate and key for HTTPS; undefined: HTTP */
export async function startHttpListener(
  port: number,
  host: string,
  answer: RequestListener,
  tls: TlsFiles | undefined,
  slowReaders: SlowReaders,
): Promise<HttpListener> {
  const options = {
    keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_MILLISECONDS,
    requireHostHeader: false,
  };
  const checked = oneAtATime(requireHost(answer));
  const server = tls ? createTlsServer({ ...options, ...tls }, checked) : createServer(options, checked);
  answerRefused(server);
  slowReaders.watch(server);
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
