import { readdirSync, readFileSync } from 'node:fs';
import { startProcess } from '../end-to-end/test-server.ts';
import { type DrillResult, percentile, Senders } from './senders.ts';
import { SlowClients } from './slow-clients.ts';

export interface IdleResult extends DrillResult {
  readonly connections: number;
  readonly p99Ms: number;
  /** Memory and open files of the server, before and with the connections. */
  readonly megabytes: readonly [number, number];
  readonly files: readonly [number, number];
}

/** Connections that are opened and say nothing, beside senders that work. */
export async function drillIdle(options: {
  readonly folder: string;
  readonly connections: number;
  readonly requests: number;
}): Promise<IdleResult> {
  const server = await startProcess({ DATA_DIR: options.folder });
  const state = () => ({
    megabytes: Math.round(
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))?.[1]) / 1000,
    ),
    files: readdirSync(`/proc/${server.child.pid}/fd`).length,
  });
  const before = state();
  const idle = new SlowClients(server.url);
  await idle.idle(options.connections);
  const load = { agents: 4, linesPerRequest: 100, requests: options.requests };
  const senders = new Senders({ url: () => server.url, ...load });
  await senders.finished();
  const connections = idle.open;
  const after = state();
  const result = await senders.result();
  idle.close();
  await server.stop('SIGTERM');
  return {
    ...result,
    connections,
    p99Ms: percentile(senders.latencies, 99),
    megabytes: [before.megabytes, after.megabytes],
    files: [before.files, after.files],
  };
}
