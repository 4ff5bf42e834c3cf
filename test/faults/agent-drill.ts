import { appendFileSync, copyFileSync, readFileSync, renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { type ServerProcess, startProcess } from '../end-to-end/test-server.ts';
import { type Machine, startMachine } from '../pipeline/agent/agent-on-machine.ts';
import { until } from '../until.ts';

export interface AgentDrillOptions {
  readonly folder: string;
  readonly seconds: number;
  readonly linesPerSecond: number;
  /** Seconds between two faults. */
  readonly every: number;
  readonly fault: (drill: RunningDrill) => Promise<void> | void;
  /** Of the machine, besides the paths. */
  readonly variables?: Record<string, string | number | boolean>;
  /** Folder of Fluent Bit's positions and buffer. */
  readonly stateDir?: string;
}

export interface AgentDrillResult {
  readonly written: number;
  readonly lost: number;
  readonly twice: number;
  readonly faults: number;
  /** Where lines are missing: number of the first one, and how many. */
  readonly holes: readonly (readonly [first: number, lines: number])[];
  /** What the agent reported last. */
  readonly report: Readonly<Record<string, any>>;
}

export interface RunningDrill {
  readonly log: string;
  readonly machine: Machine;
  readonly faults: number;
  server(): ServerProcess;
  killServer(signal: NodeJS.Signals): Promise<void>;
  startServer(): Promise<void>;
}

/** An agent with a real Fluent Bit that tails a growing file, and faults while it does: what was written against what arrived. */
export async function drillAgent(options: AgentDrillOptions): Promise<AgentDrillResult> {
  const { folder, seconds, linesPerSecond, every, fault } = options;
  const settings = { DATA_DIR: join(folder, 'data'), PORT: String(await freePort()) };
  let server = await startProcess(settings);
  const log = join(folder, 'logs/machine/a.log');
  await fetch(`${server.url}/api/v1/profiles/fleet`, {
    method: 'PUT',
    body: JSON.stringify({ sources: [{ type: 'files', paths: [join(folder, 'logs/machine/*.log')] }] }),
  });
  const machine = await startMachine(server.url, folder, {
    variables: {
      FLUSH: 1,
      ...options.variables,
      ...(options.stateDir !== undefined && { FLUENT_BIT_STATE_DIR: options.stateDir }),
    },
  });
  const agentState = async () => (await server.get('/api/v1/agents')).agents[0];
  await until(async () => (await agentState())?.uptime_s !== undefined, 'a running Fluent Bit');

  let faults = 0;
  const drill: RunningDrill = {
    log,
    machine,
    get faults() {
      return faults;
    },
    server: () => server,
    killServer: async (signal) => {
      await server.stop(signal);
    },
    startServer: async () => {
      server = await startProcess(settings);
    },
  };
  let written = 0;
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  let faulting: Promise<void> = Promise.resolve();
  let idle = true;
  while (elapsed() < seconds) {
    const due = Math.floor(elapsed() * linesPerSecond);
    let lines = '';
    while (written < due) lines += `INFO drill ${String(written++).padStart(9, '0')} ${'x'.repeat(150)}\n`;
    if (lines !== '') appendFileSync(log, lines);
    if (idle && elapsed() > (faults + 1) * every) {
      faults++;
      idle = false;
      faulting = Promise.resolve(fault(drill)).then(() => {
        idle = true;
      });
    }
    await setTimeout(10);
  }
  await faulting;

  const count = async () => (await server.get('/api/v1/logs/count?q="INFO drill"')).total as number;
  let last = -1;
  for (let still = 0; still < 60; ) {
    const now = await count();
    still = now === last ? still + 1 : 0;
    last = now;
    if (now === written && still > 4) break;
    await setTimeout(500);
  }
  const arrived = new Uint8Array(written);
  const exported = await fetch(
    `${server.url}/api/v1/logs/export?format=ndjson&q=${encodeURIComponent('"INFO drill"')}`,
  );
  for (const [, number] of (await exported.text()).matchAll(/INFO drill (\d{9})/g))
    arrived[Number(number)]!++;
  const report = await agentState();
  await machine.agent.stop();
  await server.stop('SIGTERM');
  return {
    written,
    lost: arrived.filter((times) => times === 0).length,
    twice: arrived.filter((times) => times > 1).length,
    faults,
    holes: holesIn(arrived),
    report,
  };
}

function holesIn(arrived: Uint8Array): [number, number][] {
  const holes: [number, number][] = [];
  for (let line = 0; line < arrived.length; line++) {
    if (arrived[line] !== 0) continue;
    if (line > 0 && arrived[line - 1] === 0) holes.at(-1)![1]++;
    else holes.push([line, 1]);
  }
  return holes;
}

export const pidOf = ({ folder }: Machine) =>
  Number.parseInt(readFileSync(join(folder, 'state/fluent-bit.pid'), 'utf8'), 10);

/** Faults by name. */
export const FAULTS: Readonly<Record<string, AgentDrillOptions['fault']>> = {
  'kill -9 of Fluent Bit': ({ machine }) => {
    try {
      process.kill(pidOf(machine), 'SIGKILL');
    } catch {
      // It is between two lives.
    }
  },
  'server killed': async ({ killServer, startServer }) => {
    await killServer('SIGKILL');
    await startServer();
  },
  'rotation by rename': ({ log, faults }) => renameSync(log, `${log}.${faults}`),
  // Between two writes, as a rotation that knows nothing of the writer. In the very moment of one, what was written within that
  // millisecond is in the copy alone: 50 and 212 of 170,000 lines in 16 rotations each.
  'rotation by copy and truncate': async ({ log, faults }) => {
    await setTimeout(5);
    copyFileSync(log, `${log}.${faults}`);
    truncateSync(log);
  },
  'hot reload': async ({ server, faults, machine }) => {
    await fetch(`${server().url}/api/v1/agents/${machine.id}/profile`, {
      method: 'PUT',
      body: JSON.stringify({ variables: { REGION: `region-${faults}` } }),
    });
  },
};
