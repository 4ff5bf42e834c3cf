import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { startProcess } from '../end-to-end/test-server.ts';
import { MODULE_OPTIONS, moduleFile } from '../project-module.ts';
import { until } from '../until.ts';
import { HealthSampler } from './health-sampler.ts';
import { type DrillResult, percentile, Senders } from './senders.ts';
import { SlowClients } from './slow-clients.ts';

export interface CrowdOptions {
  readonly folder: string;
  readonly readers: number;
  /** Heads and bodies that come byte by byte, and readers that take nothing. */
  readonly slowClients: number;
  readonly requests: number;
}

export interface CrowdResult extends DrillResult {
  /** Live readers that did not get exactly what their queries select. */
  readonly wrongReaders: number;
  readonly slowConnected: number;
  /** Of `/healthz` while the readers got their records, in milliseconds. */
  readonly healthz: { readonly asked: number; readonly p999: number; readonly most: number };
  readonly ingestP99Ms: number;
  /** Memory of the server: before, with the readers, at the end. */
  readonly megabytes: readonly number[];
}

const LINES = 100;
const AGENTS = 4;
const SHARED_RECORDS = 10;

/**
 * A crowd of live readers that subscribe with queries (a third with the same one, a third with one value of a field each, a third with
 * a different one each that has to look at every record) and slow clients of every kind, beside senders that work.
 */
export async function drillCrowd({
  folder,
  readers,
  slowClients,
  requests,
}: CrowdOptions): Promise<CrowdResult> {
  const server = await startProcess({ DATA_DIR: folder, MAX_STREAMS_PER_CLIENT: '100000' });
  const memory = () =>
    Math.round(
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))?.[1]) / 1000,
    );
  const crowd = fork(moduleFile('test/faults/crowd-readers.ts'), [server.url], {
    execArgv: [...MODULE_OPTIONS],
  });
  const slow = new SlowClients(server.url);
  const megabytes = [memory()];
  try {
    const queries = Array.from({ length: readers }, (_, index) => {
      const third = Math.floor(index / 3);
      return [`fire n:<${SHARED_RECORDS}`, `job_id:${third}`, `fire n:${third}`][index % 3]!;
    });
    crowd.send({ queries });
    await once(crowd, 'message');
    await slow.slowHead(Math.ceil(slowClients / 3));
    await slow.slowBody(Math.ceil(slowClients / 3), 1024 * 1024);
    await slow.deafReader(Math.floor(slowClients / 3));
    megabytes.push(memory());
    const sampler = new HealthSampler(server.url);

    const load = { agents: AGENTS, linesPerRequest: LINES, requests };
    const senders = new Senders({ url: () => server.url, ...load });
    await senders.finished();
    const jobs = Array.from({ length: Math.ceil(readers / 3) }, (_, job) =>
      JSON.stringify({ message: 'of a job', job_id: String(job) }),
    );
    for (let from = 0; from < jobs.length; from += LINES)
      await until(async () => {
        const body = jobs.slice(from, from + LINES).join('\n');
        return (await server.ingest(body, { 'X-Machine-Id': 'jobs' })).status === 200;
      }, 'room for records of jobs');

    const expected = queries.map((_, index): number => {
      if (index % 3 === 0) return SHARED_RECORDS;
      return index % 3 === 1 || Math.floor(index / 3) < senders.sent ? 1 : 0;
    });
    const sum = expected.reduce((total, count) => total + count, 0);
    let counts: readonly number[] = [];
    await until(async () => {
      ({ counts } = await reply<{ counts: number[] }>(crowd, 'counts'));
      return counts.reduce((total, count) => total + count, 0) >= sum;
    }, 'the records of all readers');
    const waits = await sampler.stop();
    megabytes.push(memory());
    const wrongReaders = counts.filter((count, index) => count !== expected[index]).length;
    const slowConnected = slow.open;
    return {
      ...(await senders.result()),
      wrongReaders,
      slowConnected,
      healthz: { asked: waits.length, p999: percentile(waits, 99.9), most: percentile(waits, 100) },
      ingestP99Ms: percentile(senders.latencies, 99),
      megabytes,
    };
  } finally {
    crowd.disconnect();
    slow.close();
    await server.stop('SIGTERM');
  }
}

async function reply<T>(child: ChildProcess, message: string): Promise<T> {
  child.send(message);
  const [answer] = (await once(child, 'message')) as [T];
  return answer;
}
