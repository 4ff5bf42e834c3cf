import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareSelections } from '../control-plane/query/compare-selections.ts';
import { startProcess } from '../end-to-end/test-server.ts';
import { fluentBit } from '../pipeline/agent/agent-on-machine.ts';
import { AGENT_DRILLS, drillFullBufferDisk } from './agent-drills.ts';
import { drillClock, findFakeTime } from './clock-drill.ts';
import { drillComeback } from './comeback-drill.ts';
import { drillCrowd } from './crowd-drill.ts';
import { drillFullDisk } from './disk-drill.ts';
import { FolderFuzz } from './folder-fuzz.ts';
import { makeGenerations } from './folder-generations.ts';
import { drillForwarding } from './forward-drill.ts';
import { fuzzApi } from './fuzz-api.ts';
import { fleetLines } from './fuzz-fleet.ts';
import { drillGarbage } from './garbage-drill.ts';
import { drillHostile } from './hostile-drill.ts';
import { drillIdle } from './idle-drill.ts';
import { fuzzJournal } from './journal-fuzz.ts';
import { drillKill } from './kill-drill.ts';
import { drillManyAgents } from './many-agents-drill.ts';
import { drillMemory } from './memory-drill.ts';
import { canLimitMemory } from './memory-group.ts';
import { canMount } from './mount.ts';
import { drillPower } from './power-drill.ts';
import type { DrillResult } from './senders.ts';
import { SHARED_DRILLS } from './shared-drills.ts';
import { drillSlowClients } from './slow-drill.ts';
import { drillStream } from './stream-drill.ts';
import { canCutPower } from './volatile-disk.ts';
import { outage } from './webhook-outage.ts';

/** Drills that take too long for the tests: `npm run drills`, or some of them by the beginning of their names: `npm run drills -- kill agent` */
const SECONDS = 30;
const REQUESTS_PER_SECOND = 20;
const CUTS = 20;
const MUTATIONS = 1_000;
const library = findFakeTime();

/** Each gets a folder of its own; undefined where something that it needs is missing. */
const DRILLS: Readonly<Record<string, ((folder: string) => Promise<DrillResult>) | undefined>> = {
  kill: (folder) => drillKill({ folder, kills: 30, agents: 6, linesPerRequest: 200 }),
  disk: canMount()
    ? (folder) => drillFullDisk({ folder, megabytes: 128, rounds: 5, refusals: 50 })
    : undefined,
  memory: canLimitMemory()
    ? (folder) =>
        drillMemory({ folder, seconds: Number(process.env.DRILL_SECONDS ?? 600), kills: 2, awaySeconds: 15 })
    : undefined,
  power: (await canCutPower()) ? powered : undefined,
  'journal-fuzz': journalFuzzed,
  'folder-fuzz': folderFuzzed,
  clock: library
    ? (folder) => drillClock({ folder, library, steps: [1, 0, -1, 0, 1, -1, 0], recordsPerStep: 5_000 })
    : undefined,
  comeback: (folder) => drillComeback({ folder, agents: 500, requests: 20, linesPerRequest: 50 }),
  slow: (folder) => drillSlowClients({ folder, clients: 500, requests: 50 }),
  idle: (folder) => drillIdle({ folder, connections: 10_000, requests: 100 }),
  'agents-20k': (folder) =>
    drillManyAgents({
      folder,
      agents: 20_000,
      seconds: Number(process.env.DRILL_SECONDS ?? 600),
      requestsPerSecond: Number(process.env.DRILL_RATE ?? 1_000),
      repeatEvery: 20,
      repeatAfter: 30_000,
    }),
  crowd: (folder) => drillCrowd({ folder, readers: 10_000, slowClients: 2_000, requests: 10 }),
  garbage: (folder) => drillGarbage({ folder, seeds: Array.from({ length: 3_000 }, (_, seed) => seed) }),
  hostile: (folder) => drillHostile({ folder, bytes: 60_000_000 }),
  forwarding: (folder) => drillForwarding({ folder, secondsDown: 60 }),
  stream: (folder) => streamed(folder),
  'stream-kill': (folder) => streamed(folder, (SECONDS * REQUESTS_PER_SECOND) / 2),
  ...(fluentBit === undefined ? { agent: undefined } : AGENT_DRILLS),
  'agent: disk of the buffer full': fluentBit !== undefined && canMount() ? drillFullBufferDisk : undefined,
  ...SHARED_DRILLS,
  webhooks: alerted,
  fuzz: fuzzed,
  queries: compared,
};

/** Cuts at all moments, of which nothing, a random part or all survives that was not flushed. */
async function powered(folder: string): Promise<DrillResult> {
  const moments = ['answer', 'random', 'start'] as const;
  const survivals = ['none', 'some', 'none', 'all', 'some'] as const;
  const { broken, cuts, ...result } = await drillPower({
    folder,
    seed: seedOf(),
    milliseconds: [1_000, 10_000],
    cuts: Array.from({ length: CUTS }, (_, cut) => ({
      moment: moments[cut % moments.length]!,
      survival: survivals[cut % survivals.length]!,
    })),
    onCut: (report) => console.log(JSON.stringify(report)),
  });
  return { ...result, lost: result.lost + broken };
}

/** Mutations of the journal alone, with a table in memory. */
async function journalFuzzed(folder: string): Promise<DrillResult> {
  return ofFuzz(await fuzzJournal({ folder, seed: seedOf(), mutations: MUTATIONS }));
}

/** Mutations of a whole data folder, each with two starts of a server. */
async function folderFuzzed(folder: string): Promise<DrillResult> {
  const fuzz = new FolderFuzz(folder, await makeGenerations(folder));
  const seed = seedOf();
  const seeds = Array.from(
    { length: Number(process.env.FUZZ_MUTATIONS ?? MUTATIONS) },
    (_, index) => seed + index,
  );
  return ofFuzz(await fuzz.run(seeds, (done) => console.log(`folder-fuzz: ${done} of ${seeds.length}`)));
}

/** Lost is what went wrong. */
function ofFuzz({
  problems,
  mutations,
  ...more
}: {
  readonly problems: readonly string[];
  readonly mutations: number;
}) {
  for (const problem of problems) console.log(problem);
  const lost = problems.length;
  const right = mutations - lost;
  return { sent: mutations, acknowledged: right, stored: right, lost, duplicated: 0, ...more };
}

/** Another one each time, unless one is given: `FUZZ_SEED=7 npm run drills -- fuzz`. */
function seedOf(): number {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  return seed;
}

/** Alerts whose receiver is away for a minute, while the server is killed twice. */
async function alerted(folder: string): Promise<DrillResult> {
  const { messages, repeated, fired } = await outage({ folder, alerts: 20, awayMilliseconds: 60_000 });
  const arrived = messages.map(({ id }) => id);
  const lost = fired.filter((id) => !arrived.includes(id)).length;
  const in_order = JSON.stringify(arrived) === JSON.stringify(fired);
  const duplicated = arrived.length - new Set(arrived).size;
  const sent = fired.length;
  const counts = { sent, acknowledged: sent, stored: sent - lost, lost, duplicated };
  return { ...counts, ...{ repeated, in_order } };
}

/** 100,000 requests made of `/openapi.json`. */
async function fuzzed(folder: string): Promise<DrillResult> {
  const seed = seedOf();
  const server = await startProcess({ DATA_DIR: folder, ADMIN_TOKEN: 'admin-secret', SYNC_INTERVAL: '0' });
  for (const stream of [server.child.stdout!, server.child.stderr!])
    stream.pipe(process.stderr, { end: false });
  await server.ingest(fleetLines());
  const started = performance.now();
  const { sent, statuses, problems, slowest, neverGood } = await fuzzApi({
    url: server.url,
    adminToken: 'admin-secret',
    seed,
    requests: Number(process.env.FUZZ_REQUESTS ?? 100_000),
    onProgress: (done, of) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      console.log(`fuzz: seed ${seed}, ${done} of ${of} requests (${seconds} s)`);
    },
  });
  for (const problem of problems) console.log(problem);
  await server.stop('SIGTERM');
  const right = sent - problems.length;
  const counts = { sent, acknowledged: right, stored: right, lost: problems.length, duplicated: 0 };
  return { ...counts, ...{ seed, statuses, slowest, neverGood } };
}

/** Random queries, as SQL and as a predicate. Lost is one by which they select different records, or that printing changes. */
async function compared(folder: string): Promise<DrillResult> {
  const queries = Number(process.env.FUZZ_QUERIES ?? 20_000);
  const { wrong, unlike, selective } = await compareSelections({ folder, seed: seedOf(), queries });
  return ofFuzz({ problems: [...wrong, ...unlike], mutations: queries, ...{ selective } });
}

/** What a live reader gets at 20,000 records/s whose connection is cut every three seconds. */
async function streamed(folder: string, killBefore?: number): Promise<DrillResult> {
  const { sent, lost, twice, ...more } = await drillStream({
    folder,
    requests: SECONDS * REQUESTS_PER_SECOND,
    recordsPerRequest: 1_000,
    rate: REQUESTS_PER_SECOND,
    cutAfter: (_, seconds) => seconds > 3,
    ...(killBefore !== undefined && { killBefore }),
  });
  return { sent, acknowledged: sent, stored: sent - lost, lost, duplicated: twice, ...more };
}

const names = process.argv.slice(2);
for (const [name, drill] of Object.entries(DRILLS)) {
  if (names.length > 0 && !names.some((wanted) => name.startsWith(wanted))) continue;
  if (!drill) {
    console.log(
      `${name}: skipped, something that it needs is missing (mount as root, the package faketime, or Fluent Bit)`,
    );
    continue;
  }
  const folder = await mkdtemp(join(tmpdir(), 'logplane-drill-'));
  const started = performance.now();
  const result = await drill(folder);
  const { sent, acknowledged, stored, lost, duplicated, ...more } = result;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(
    `${name}: ${sent} sent, ${acknowledged} acknowledged, ${stored} stored, ${lost} lost, ${duplicated} duplicated (${seconds} s) ${JSON.stringify(more)}`,
  );
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  if (lost + duplicated > 0 || stored < acknowledged) process.exitCode = 1;
}
process.exit();
