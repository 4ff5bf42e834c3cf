import { setTimeout } from 'node:timers/promises';
import { type AgentDrillResult, drillAgent, FAULTS } from './agent-drill.ts';
import { drillFullBuffer } from './full-buffer-drill.ts';
import { drillHoles } from './holes-drill.ts';
import type { DrillResult } from './senders.ts';
import { drillStacks } from './stacks-drill.ts';

const TIMES = [
  ['kill -9 of Fluent Bit', 3],
  ['server killed', 8],
  ['rotation by rename', 3],
  ['rotation by copy and truncate', 2],
  ['hot reload', 5],
] as const;
const LINES_PER_SECOND = 5_000;

/** An agent with a real Fluent Bit, and what happens to it, by name. */
export const AGENT_DRILLS: Readonly<Record<string, (folder: string) => Promise<DrillResult>>> = {
  ...Object.fromEntries(
    TIMES.map(([name, every]) => [
      `agent: ${name}`,
      async (folder: string) =>
        counted(
          await drillAgent({
            folder,
            seconds: 34,
            linesPerSecond: LINES_PER_SECOND,
            every,
            fault: FAULTS[name]!,
          }),
        ),
    ]),
  ),
  'agent: server down for 30 s': async (folder) =>
    counted(
      await drillAgent({
        folder,
        seconds: 40,
        linesPerSecond: LINES_PER_SECOND,
        every: 4,
        fault: async ({ faults, killServer, startServer }) => {
          if (faults !== 1) return;
          await killServer('SIGTERM');
          await setTimeout(30_000);
          await startServer();
        },
      }),
    ),
  'agent: stacks': async (folder) => {
    const { writtenLines, storedLines, ...stacks } = await drillStacks({ folder, stacks: 150, kills: 10 });
    const lost = Math.max(0, writtenLines - storedLines);
    const duplicated = Math.max(0, storedLines - writtenLines);
    const counts = { sent: writtenLines, acknowledged: storedLines, stored: storedLines, lost, duplicated };
    return { ...counts, ...stacks };
  },
  'agent: holes': async (folder) => {
    const { planted, named, ...rest } = await drillHoles(folder, 25);
    const counts = {
      sent: planted,
      acknowledged: named,
      stored: named,
      lost: planted - named,
      duplicated: 0,
    };
    return { ...counts, ...rest };
  },
  'agent: buffer full': async (folder) => counted(await drillFullBuffer(folder, undefined)),
};

/** The disk of the buffer is full: what comes meanwhile cannot be kept, and has to be told. */
export async function drillFullBufferDisk(folder: string): Promise<DrillResult> {
  const result = await drillFullBuffer(folder, 12);
  const { report, lost } = result;
  const { problem, dropped_records, restarts } = report;
  const told = problem ? { lost: 0, lost_and_told: lost, problem, dropped_records, restarts } : {};
  return { ...counted(result), ...told };
}

function counted({ written, lost, twice, faults, holes }: AgentDrillResult): DrillResult {
  const stored = written - lost;
  const counts = { sent: written, acknowledged: stored, stored, lost, duplicated: twice };
  return { ...counts, ...{ faults, ...(lost > 0 && { holes: holes.slice(0, 20) }) } };
}
