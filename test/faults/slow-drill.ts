import { startProcess } from '../end-to-end/test-server.ts';
import { type DrillResult, percentile, Senders } from './senders.ts';
import { SlowClients } from './slow-clients.ts';

export interface SlowResult extends DrillResult {
  /** Slow clients that were connected to the end. */
  readonly connected: number;
  readonly p99Ms: number;
}

/** Silent connections, heads and bodies that come byte by byte, readers that do not read; senders work beside them. */
export async function drillSlowClients(options: {
  readonly folder: string;
  /** Of each kind. */
  readonly clients: number;
  readonly requests: number;
}): Promise<SlowResult> {
  const { folder, clients, requests } = options;
  const server = await startProcess({ DATA_DIR: folder });
  const slow = new SlowClients(server.url);
  await slow.idle(clients);
  await slow.slowHead(clients);
  // Together they declare far more than the server takes into memory at once.
  await slow.slowBody(clients, 32 * 1024 * 1024);
  await slow.deafReader(clients);
  const senders = new Senders({ url: () => server.url, agents: 4, linesPerRequest: 500, requests });
  await senders.finished();
  const connected = slow.open;
  const result = await senders.result();
  slow.close();
  await server.stop('SIGTERM');
  return { ...result, connected, p99Ms: percentile(senders.latencies, 99) };
}
