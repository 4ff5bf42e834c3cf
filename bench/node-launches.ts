import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startBenchServer } from './bench-server.ts';

/**
 * Many nodes that launch at once, each with readers of its stream: from sending an entry to its arrival at each reader.
 * `npm run bench bench/node-launches.ts -- [nodes] [readers] [seconds]`; with `REDIS_URL` over Redis.
 */
const [nodes = 1_000, readers = 2_000, seconds = 30] = process.argv.slice(2).map(Number);
const PHASES = ['provisioning', 'instance_ready', 'installing', 'model_loading', 'health_check', 'active'];
const ENTRIES = 12;
const ADMIN = { 'X-Admin-Token': 'bench' };

process.env.ADMIN_TOKEN = 'bench';
process.env.MAX_STREAMS_PER_CLIENT = '100000';
const folder = await mkdtemp(join(tmpdir(), 'logplane-bench-'));
const server = await startBenchServer(folder);
const { hostname, port } = new URL(server.url);
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const streamAgent = new http.Agent({ maxSockets: Number.POSITIVE_INFINITY });

function post(path: string, body: unknown): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { hostname, port, path, method: 'POST', agent, headers: ADMIN },
      (response) => {
        response.resume().once('end', () => resolve(response.statusCode!));
      },
    );
    request.once('error', reject).end(JSON.stringify(body));
  });
}

const usage = async () => {
  const value = await server.metrics();
  return { rss: value('process_resident_memory_bytes') / 1e6, cpu: value('process_cpu_seconds_total') };
};

const ids = Array.from({ length: nodes }, (_, number) => `node-${number}-${Date.now()}`);
const launching = performance.now();
await Promise.all(ids.map((node_id) => post('/admin/nodes/launch', { node_id, name: node_id })));
const launched = performance.now();

const delays: number[] = [];
let done = 0;
await Promise.all(
  Array.from({ length: readers }, async (_, number) => {
    const path = `/admin/nodes/${ids[number % nodes]}/logs/stream?tail=50`;
    const request = http.get({ hostname, port, path, agent: streamAgent, headers: ADMIN });
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).once('error', reject);
    });
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
    response.on('error', () => {}).setEncoding('latin1');
    response.on('data', (text: string) => {
      const now = performance.now();
      for (const [, sent] of text.matchAll(/sent (\d+\.\d+)"/g)) delays.push(now - Number(sent));
      if (text.includes('event: done')) done++;
    });
    await new Promise<void>((resolve) => response.once('data', () => resolve()));
  }),
);
const opened = performance.now();
await setTimeout(1_000);

const before = await usage();
const started = performance.now();
let failed = 0;
await Promise.all(
  ids.map(async (id, number) => {
    for (let entry = 0; entry < ENTRIES; entry++) {
      const due = started + ((entry + number / nodes) / ENTRIES) * seconds * 1000;
      if (due > performance.now()) await setTimeout(due - performance.now());
      const phase = PHASES[Math.floor((entry * PHASES.length) / ENTRIES)];
      const message = `step ${entry} sent ${performance.now().toFixed(3)}`;
      const last = entry === ENTRIES - 1 || phase !== 'active';
      if (!last) continue;
      if ((await post(`/admin/nodes/${id}/logs`, { message, phase })) !== 200) failed++;
    }
  }),
);
for (let waited = 0; done < readers && waited < 100; waited++) await setTimeout(100);
const after = await usage();
const took = (performance.now() - started) / 1000;
delays.sort((a, b) => a - b);
const at = (share: number) => delays[Math.floor((delays.length - 1) * share)]!.toFixed(0);
console.log(
  `${nodes} nodes registered in ${((launched - launching) / 1000).toFixed(1)} s, ${readers} streams opened in ` +
    `${((opened - launched) / 1000).toFixed(1)} s; ${delays.length} deliveries in ${took.toFixed(1)} s, ` +
    `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms; ${done} of ${readers} saw the end, ${failed} refused; ` +
    `server CPU ${((after.cpu - before.cpu) / took).toFixed(2)} cores, RSS ${after.rss.toFixed(0)} MB`,
);
streamAgent.destroy();
agent.destroy();
await server.stop();
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
