import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { divideMemory } from '../../control-plane/server/divide-memory.ts';
import { type ServerProcess, startProcess } from '../end-to-end/test-server.ts';
import { MemoryGroup } from './memory-group.ts';
import { type DrillResult, percentile, Senders } from './senders.ts';

export interface MemoryDrillOptions {
  readonly folder: string;
  readonly seconds: number;
  /** Spread over the time; after each the server stays away for a while, so that work waits for it. */
  readonly kills: number;
  readonly awaySeconds: number;
  readonly limitBytes?: number;
}

const MIB = 1024 ** 2;
const SLICE_REQUESTS = 20;
const HEAVY = [
  'patterns',
  'facets?fields=trace_id,message,n',
  'count?by=trace_id,n',
  'histogram?q=message:/node [0-9]+.*x/&by=level',
  'search?q=message:/[a-z]+ing at node [0-9]*7/&limit=1000',
  'count?q=message:/(a|e|i)+.*node/&by=machine_id,level',
];
const WORDS = [
  'timeout while reading',
  'loss 0.31',
  'Traceback (most recent call last)',
  'GET /v1/models 200',
  'CUDA error',
];

/** Everything at once in little memory, the server killed meanwhile. */
export async function drillMemory(options: MemoryDrillOptions): Promise<DrillResult> {
  const { folder, seconds, kills, awaySeconds, limitBytes = 1024 * MIB } = options;
  const { heap, youngHeap } = divideMemory(limitBytes);
  const group = new MemoryGroup(`logplane-drill-${process.pid}`, limitBytes);
  const start = () =>
    startProcess({ DATA_DIR: folder, ADMIN_TOKEN: 'admin' }, [], {
      nodeOptions: [
        `--max-old-space-size=${heap / MIB}`,
        `--max-semi-space-size=${youngHeap / MIB}`,
        '--no-parallel-scavenge',
      ],
      wrap: (command) => group.wrap(command),
    });
  let server: ServerProcess = await start();
  let ends = 0;
  let isKilling = false;
  const watch = ({ child }: ServerProcess) =>
    child.once('exit', () => {
      if (!isKilling) ends++;
    });
  watch(server);

  const stopping = new AbortController();
  setMaxListeners(Number.POSITIVE_INFINITY, stopping.signal);
  const expected = new Map<string, number>();
  const senders = new Senders({
    url: () => server.url,
    agents: 4,
    linesPerRequest: 4_000,
    record,
    onAcknowledged,
  });
  function onAcknowledged(agent: number, request: number, lines: number) {
    const service = sliceOf(agent, request);
    expected.set(service, (expected.get(service) ?? 0) + lines);
  }
  const statuses: Record<string, number> = {};
  const waits: number[] = [];
  let peak = 0;
  const repeat = async (work: (round: number) => Promise<unknown>, pause: number) => {
    for (let round = 0; !stopping.signal.aborted; round++) {
      await work(round).catch(() => {});
      await setTimeout(pause);
    }
  };
  const ask = async (path: string) => {
    const response = await fetch(`${server.url}${path}`, { signal: AbortSignal.timeout(60_000) });
    await response.arrayBuffer();
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
  };
  const work = [
    ...Array.from({ length: 12 }, (_, index) =>
      repeat((round) => ask(`/api/v1/logs/${HEAVY[(index + round) % HEAVY.length]}`), 10),
    ),
    ...Array.from({ length: 50 }, (_, index) => repeat(() => tail(server.url, index, stopping.signal), 500)),
    repeat(() => sendGarbage(server.url), 20_000),
    repeat(() => ask('/api/v1/dead-letters?limit=1000'), 5_000),
    repeat(async () => {
      const started = performance.now();
      await (await fetch(`${server.url}/healthz`)).text();
      waits.push(performance.now() - started);
    }, 20),
    repeat(async () => {
      peak = Math.max(peak, group.anonymousBytes);
    }, 100),
  ];
  try {
    for (let phase = 0; phase <= kills; phase++) {
      await setTimeout((seconds * 1000) / (kills + 1));
      if (phase === kills) break;
      isKilling = true;
      await server.stop('SIGKILL');
      await setTimeout(awaySeconds * 1000);
      server = await start();
      isKilling = false;
      watch(server);
    }
    stopping.abort();
    await senders.stop();
    await Promise.all(work);
    const found = await countSlices(server);
    const difference = (slice: string) => (found.get(slice) ?? 0) - expected.get(slice)!;
    const differences = Array.from(expected.keys(), difference);
    const lost = differences.reduce((sum, each) => sum + Math.max(0, -each), 0);
    const duplicated = differences.reduce((sum, each) => sum + Math.max(0, each), 0);
    const stored = Array.from(found.values()).reduce((sum, each) => sum + each, 0);
    const counts = { sent: senders.sent, acknowledged: senders.acknowledged, stored, lost, duplicated };
    const healthz = { p50: percentile(waits, 50), p99: percentile(waits, 99), max: percentile(waits, 100) };
    const more = {
      endedByItself: ends,
      endedForMemory: group.kills,
      peakAnonymousMiB: Math.round(peak / MIB),
      statuses,
      healthz,
    };
    isKilling = true;
    await server.stop('SIGTERM');
    // A server that ends by itself has failed, whatever it kept.
    return { ...counts, lost: lost + ends, ...more, ...{ refused: senders.repeated } };
  } finally {
    stopping.abort();
    isKilling = true;
    await server.stop('SIGKILL');
    group.end();
  }
}

function sliceOf(agent: number, request: number): string {
  return `drill-${agent}-${Math.floor(request / SLICE_REQUESTS)}`;
}

/** Ordinary lines, as common rules look for them, and hostile ones: much of nothing, controls, secrets, deep JSON. */
function record(n: number, agent: number, request: number): object {
  const message =
    n % 500 === 0
      ? `${'\\u0000\u202e\u001b[31m'.repeat(50)} password=hunter${n} ${'['.repeat(200)}`
      : `${WORDS[n % WORDS.length]} at node ${n % 1000}: step ${n} ${'x'.repeat(n % 300)}`;
  const level = n % 50 === 0 ? 'error' : 'info';
  return { message, level, n, service: sliceOf(agent, request), trace_id: n.toString(16).padStart(32, '0') };
}

/** Half of the readers take what comes, the others take nothing for ten seconds and leave. */
async function tail(url: string, index: number, signal: AbortSignal): Promise<void> {
  const query = index % 3 === 0 ? '' : '&q=node%20level:error';
  const response = await fetch(`${url}/api/v1/logs/stream?tail=1000${query}`, {
    signal: AbortSignal.any([signal]),
  });
  if (index % 2 === 1) {
    await setTimeout(10_000, undefined, { signal });
    await response.body?.cancel();
    return;
  }
  for await (const _ of response.body!);
}

async function sendGarbage(url: string): Promise<void> {
  const body = randomBytes(30 * MIB)
    .toString('latin1')
    .replaceAll('\n', ' ');
  const response = await fetch(`${url}/logs/ingest`, { method: 'POST', body });
  await response.arrayBuffer();
}

async function countSlices(server: ServerProcess): Promise<Map<string, number>> {
  const { groups } = await server.get('/api/v1/logs/count?by=service&q=service:drill*');
  return new Map(groups.map(({ service, count }: { service: string; count: number }) => [service, count]));
}
