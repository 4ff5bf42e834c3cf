import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drillClock, findFakeTime } from './clock-drill.ts';
import { drillComeback } from './comeback-drill.ts';
import { drillFullDisk } from './disk-drill.ts';
import { drillForwarding } from './forward-drill.ts';
import { drillGarbage } from './garbage-drill.ts';
import { drillIdle } from './idle-drill.ts';
import { drillKill } from './kill-drill.ts';
import { canMount } from './mount.ts';
import type { DrillResult } from './senders.ts';
import { drillSlowClients } from './slow-drill.ts';
import { drillStream } from './stream-drill.ts';

/** Drills that take too long for the tests: `npm run drills`, or some of them by name: `npm run drills -- kill disk` */
const SECONDS = 30;
const REQUESTS_PER_SECOND = 20;
const library = findFakeTime();

/** Each gets a folder of its own; undefined where something that it needs is missing. */
const DRILLS: Readonly<Record<string, ((folder: string) => Promise<DrillResult>) | undefined>> = {
  kill: (folder) => drillKill({ folder, kills: 30, agents: 6, linesPerRequest: 200 }),
  disk: canMount()
    ? (folder) => drillFullDisk({ folder, megabytes: 128, rounds: 5, refusals: 50 })
    : undefined,
  clock: library
    ? (folder) => drillClock({ folder, library, steps: [1, 0, -1, 0, 1, -1, 0], recordsPerStep: 5_000 })
    : undefined,
  comeback: (folder) => drillComeback({ folder, agents: 500, requests: 20, linesPerRequest: 50 }),
  slow: (folder) => drillSlowClients({ folder, clients: 500, requests: 50 }),
  idle: (folder) => drillIdle({ folder, connections: 10_000, requests: 100 }),
  garbage: (folder) => drillGarbage({ folder, seeds: Array.from({ length: 3_000 }, (_, seed) => seed) }),
  forwarding: (folder) => drillForwarding({ folder, secondsDown: 60 }),
  stream: (folder) => streamed(folder),
  'stream-kill': (folder) => streamed(folder, (SECONDS * REQUESTS_PER_SECOND) / 2),
};

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
  if (names.length > 0 && !names.includes(name)) continue;
  if (!drill) {
    console.log(
      `${name}: skipped, something that it needs is missing (mount as root, or the package faketime)`,
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
