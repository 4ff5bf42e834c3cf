import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fluentBit } from '../pipeline/agent/agent-on-machine.ts';
import { type AgentDrillResult, drillAgent, FAULTS } from './agent-drill.ts';
import { drillFullBuffer } from './full-buffer-drill.ts';
import { drillStream } from './stream-drill.ts';

/** Drills that take too long for the tests, run by hand: `npm run drills [-- PART-OF-A-NAME]` */
const wanted = process.argv[2] ?? '';

interface Outcome {
  readonly lost: number;
  readonly twice: number;
  /** What was done, in figures. */
  readonly told: string;
}

const DRILLS: Record<string, (folder: string) => Promise<Outcome>> = {
  'stream cut every 3 s': (folder) => stream(folder, undefined),
  'stream cut every 3 s, server killed in the middle': (folder) => stream(folder, 300),
};

if (fluentBit === undefined) {
  console.log('fluent-bit is not on the PATH: its drills are left out');
} else {
  for (const [name, every] of [
    ['kill -9 of Fluent Bit', 3],
    ['server killed', 8],
    ['rotation by rename', 3],
    ['rotation by copy and truncate', 2],
    ['hot reload', 5],
  ] as const) {
    DRILLS[`agent: ${name}`] = (folder) =>
      agent(drillAgent({ folder, seconds: 34, linesPerSecond: 5_000, every, fault: FAULTS[name]! }));
  }
  DRILLS['agent: server down for 30 s'] = (folder) =>
    agent(
      drillAgent({
        folder,
        seconds: 40,
        linesPerSecond: 5_000,
        every: 4,
        fault: async ({ faults, killServer, startServer }) => {
          if (faults !== 1) return;
          await killServer('SIGTERM');
          await setTimeout(30_000);
          await startServer();
        },
      }),
    );
  DRILLS['agent: buffer full'] = (folder) => agent(drillFullBuffer(folder, undefined));
  if (process.getuid?.() === 0) {
    // What comes while its disk is full cannot be kept: it has to be told.
    DRILLS['agent: disk of the buffer full'] = async (folder) => {
      const result = await drillFullBuffer(folder, 12);
      const { lost, twice, report } = result;
      const told = `${describe(result)}, reported: ${report.dropped_records} lost writes, ${report.problem}`;
      return { lost: lost > 0 && !report.problem ? lost : 0, twice, told: `${told}; ${lost} lost` };
    };
  }
}

for (const [name, drill] of Object.entries(DRILLS)) {
  if (!name.includes(wanted)) continue;
  const folder = await mkdtemp(join(tmpdir(), 'logplane-drill-'));
  const { lost, twice, told } = await drill(folder);
  console.log(`${name}: ${told}, ${lost} lost, ${twice} twice`);
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  if (lost + twice > 0) process.exitCode = 1;
}

async function stream(folder: string, killBefore: number | undefined): Promise<Outcome> {
  const { lost, twice, sent, seconds, connections } = await drillStream({
    folder,
    requests: 600,
    recordsPerRequest: 1_000,
    rate: 20,
    cutAfter: (_, seconds) => seconds > 3,
    ...(killBefore !== undefined && { killBefore }),
  });
  return { lost, twice, told: `${sent} sent in ${seconds.toFixed(1)} s over ${connections} connections` };
}

async function agent(drill: Promise<AgentDrillResult>): Promise<Outcome> {
  const result = await drill;
  return { ...result, told: describe(result) };
}

function describe({ written, faults }: AgentDrillResult): string {
  return `${written} lines, ${faults} times`;
}
