import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type ServerProcess, startProcess } from '../end-to-end/test-server.ts';
import { HealthSampler } from './health-sampler.ts';
import { type DrillResult, percentile } from './senders.ts';

export interface ManyAgentsOptions {
  readonly folder: string;
  readonly agents: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  /** Of so many requests one is sent again later, and one at once. */
  readonly repeatEvery: number;
  /** So many requests lie between the two. */
  readonly repeatAfter: number;
}

export interface ManyAgentsResult extends DrillResult {
  readonly requests: number;
  readonly repeated: number;
  readonly requestsPerSecond: number;
  readonly healthz: { readonly p50: number; readonly p999: number; readonly max: number };
  /** Of the server, at the begin and at the end. */
  readonly megabytes: readonly [number, number];
  /** Of the folder of positions, by which it grew each minute. */
  readonly stateMegabytesPerMinute: number;
}

const CONNECTIONS = 64;

/**
 * Many agents, each known by its name, send small requests; some are sent again at once, some behind many others, and some after the
 * server was killed and started again. None of them may be stored twice or hold up `/healthz`.
 */
export async function drillManyAgents(options: ManyAgentsOptions): Promise<ManyAgentsResult> {
  const { folder, agents, seconds, requestsPerSecond, repeatEvery, repeatAfter } = options;
  let server = await startProcess({ DATA_DIR: folder });
  const http = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const started = Date.now();
  const begin = memory(server);
  const sampler = new HealthSampler(server.url);
  let next = 0;
  let repeated = 0;
  let unknown = 0;

  const repeat = async (n: number) => {
    repeated++;
    if (!(await send(http, server.url, n % agents, n, started))) unknown++;
  };
  const work = async () => {
    for (let n = next++; n < seconds * requestsPerSecond; n = next++) {
      await setTimeout(started + (n / requestsPerSecond) * 1000 - Date.now());
      if (await send(http, server.url, n % agents, n, started)) throw new Error(`request ${n} was new`);
      if (n % repeatEvery === 0) await repeat(n);
      // Those of other connections that are not yet answered lie less far back.
      if (n % repeatEvery === 1 && n >= repeatAfter + CONNECTIONS) await repeat(n - repeatAfter);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const taken = (Date.now() - started) / 1000;
  const healthz = await sampler.stop();
  const end = memory(server);
  const state = stateBytes(folder);

  await server.stop('SIGKILL');
  server = await startProcess({ DATA_DIR: folder });
  const requests = seconds * requestsPerSecond;
  const again = Array.from({ length: Math.min(requests, 1_000) }, (_, n) =>
    Math.floor((n * requests) / 1_000),
  );
  for (let at = 0; at < again.length; at += CONNECTIONS)
    await Promise.all(again.slice(at, at + CONNECTIONS).map(repeat));
  const { total } = await server.get('/api/v1/logs/count?q=service:drill');
  await server.stop('SIGTERM');
  http.destroy();
  return {
    sent: requests,
    acknowledged: requests,
    stored: total,
    lost: Math.max(0, requests - total),
    duplicated: unknown,
    requests,
    repeated,
    requestsPerSecond: Math.round(requests / taken),
    healthz: {
      p50: Math.round(percentile(healthz, 50)),
      p999: Math.round(percentile(healthz, 99.9)),
      max: Math.round(Math.max(...healthz)),
    },
    megabytes: [begin, end],
    stateMegabytesPerMinute: Number((state / 1e6 / (taken / 60)).toFixed(3)),
  };
}

/** @returns whether the server knew it */
function send(http: Agent, url: string, agent: number, n: number, started: number): Promise<boolean> {
  const time = new Date(started).toISOString();
  const body = `{"message":"one of many","service":"drill","n":${n},"time":"${time}"}\n`;
  return new Promise((resolve, reject) => {
    const headers = { 'X-Machine-Id': `agent-${agent}`, 'Content-Length': body.length };
    const sent = request(`${url}/logs/ingest`, { method: 'POST', agent: http, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve((JSON.parse(text) as { duplicate: boolean }).duplicate);
        else reject(new Error(`${response.statusCode} ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function memory({ child }: ServerProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1000);
}

function stateBytes(folder: string): number {
  const path = join(folder, 'state');
  try {
    return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
  } catch {
    return 0;
  }
}
