import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createRandom, fleetBody } from './fleet-workload.ts';

/** HTTP NDJSON until durable and queryable: `npm run bench bench/ingest.ts -- [rows] [rows per request] [connections]` */
const [rows = 1_000_000, perRequest = 1_000, connections = 4] = process.argv.slice(2).map(Number);

const folder = await mkdtemp(join(tmpdir(), 'logplane-bench-'));
const port = 20_000 + (process.pid % 20_000);
const server = spawn(
  process.execPath,
  [...(process.env.NF || '').split(' ').filter(Boolean), 'dist/control-plane/main.js'],
  {
    env: { ...process.env, UV_THREADPOOL_SIZE: '16', PORT: String(port), DATA_DIR: folder, GRPC_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
await once(server.stdout, 'data');

const random = createRandom(1);
const start = Date.now() - rows / 10;
const bodies: Buffer[] = [];
for (let from = 0; from < rows; from += perRequest)
  bodies.push(fleetBody(from, Math.min(perRequest, rows - from), start, random));
const bytes = bodies.reduce((sum, body) => sum + body.length, 0);

const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
const latencies: number[] = [];
function send(body: Buffer): Promise<void> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        port,
        method: 'POST',
        path: '/logs/ingest',
        agent,
        headers: { 'Content-Type': 'application/x-ndjson', 'Content-Length': body.length },
      },
      (response) => {
        response.resume();
        response.on('end', () => {
          latencies.push(performance.now() - started);
          if (response.statusCode === 200) resolve();
          else reject(new Error(`status ${response.statusCode}`));
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

const usage = async () => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  return {
    cpu: value('process_cpu_seconds_total'),
    inserts: value('logplane_inserts_total'),
    rss: value('process_resident_memory_bytes'),
  };
};

const before = await usage();
let peak = 0;
const watch = new AbortController();
const watching = (async () => {
  while (!watch.signal.aborted) {
    peak = Math.max(peak, (await usage()).rss);
    await setTimeout(250);
  }
})();
const began = performance.now();
let next = 0;
await Promise.all(
  Array.from({ length: connections }, async () => {
    while (next < bodies.length) await send(bodies[next++]!);
  }),
);
const seconds = (performance.now() - began) / 1000;
watch.abort();
await watching;
const after = await usage();
const { total } = (await (await fetch(`http://127.0.0.1:${port}/api/v1/logs/count`)).json()) as {
  total: number;
};
latencies.sort((a, b) => a - b);
const at = (share: number) => latencies[Math.floor(latencies.length * share)]!.toFixed(1);
console.log(
  `${rows} rows, ${(bytes / rows).toFixed(0)} bytes each, ${perRequest} per request, ${connections} connections: ` +
    `${Math.round(rows / seconds)} rows/s, server CPU ${(((after.cpu - before.cpu) * 1e6) / rows).toFixed(2)} µs/row, ` +
    `peak RSS ${(peak / 1e6).toFixed(0)} MB, ${after.inserts - before.inserts} inserts, ` +
    `answer p50 ${at(0.5)} ms p99 ${at(0.99)} ms, stored ${total}`,
);
agent.destroy();
server.kill('SIGTERM');
await once(server, 'exit');
await rm(folder, { recursive: true });
