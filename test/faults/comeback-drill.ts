import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { startProcess } from '../end-to-end/test-server.ts';
import { type DrillResult, percentile, Senders } from './senders.ts';

export interface ComebackResult extends DrillResult {
  /** From the server's start until everything was acknowledged. */
  readonly seconds: number;
  readonly refused: number;
  readonly p99Ms: number;
  readonly peakMegabytes: number;
}

/** Many agents have sent in vain for a while, each with requests in its buffer, when the server comes back. */
export async function drillComeback(options: {
  readonly folder: string;
  readonly agents: number;
  readonly requests: number;
  readonly linesPerRequest: number;
}): Promise<ComebackResult> {
  const { folder, ...load } = options;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const senders = new Senders({ url: () => url, ...load });
  while ((senders.repeated.ECONNREFUSED ?? 0) < options.agents) await setTimeout(10);
  const server = await startProcess({ DATA_DIR: folder, PORT: String(port) });
  const started = performance.now();
  await senders.finished();
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))?.[1];
  const result = await senders.result();
  await server.stop('SIGTERM');
  return {
    ...result,
    seconds,
    refused: senders.repeated['503'] ?? 0,
    p99Ms: percentile(senders.latencies, 99),
    peakMegabytes: Math.round(Number(peak) / 1000),
  };
}
