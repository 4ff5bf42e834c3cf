import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../pipeline/agent/fluent-bit/free-port.ts';
import { EventReader } from '../test/event-reader.ts';
import { startBenchServer } from './bench-server.ts';

/**
 * What collecting costs a machine, and how long a line takes from its file to a query: `bench/agent.ts [lines per
 * second] [seconds]`. Runs `logplane agent` with the Fluent Bit on the PATH, at Flush 1.
 */
const rate = Number(process.argv[2] ?? 1000 / 60);
const seconds = Number(process.argv[3] ?? 60);
const PROBES_PER_SECOND = 5;
const TICKS_PER_SECOND = 100;

const folder = await mkdtemp(join(tmpdir(), 'logplane-bench-'));
const logs = join(folder, 'logs');
mkdirSync(logs);
const log = join(logs, 'a.log');
const server = await startBenchServer(join(folder, 'data'));
await fetch(`${server.url}/api/v1/profiles/fleet`, {
  method: 'PUT',
  body: JSON.stringify({ sources: [{ type: 'files', paths: [join(logs, '*.log')] }] }),
});
const agent = spawn(
  process.execPath,
  [
    'dist/control-plane/cli/main.js',
    'agent',
    '--quiet',
    '--server',
    server.url,
    '--state-dir',
    join(folder, 'state'),
  ],
  {
    env: { PATH: process.env.PATH, MACHINE_ID: 'bench', FLUENT_BIT_HTTP_PORT: String(await freePort()) },
    stdio: 'inherit',
  },
);
const running = async () => {
  const { agents } = (await (await fetch(`${server.url}/api/v1/agents`)).json()) as {
    agents: { uptime_s?: number }[];
  };
  return agents[0]?.uptime_s !== undefined;
};
while (!(await running())) await setTimeout(200);
const fluentBit = Number(readFileSync(join(folder, 'state/fluent-bit.pid'), 'utf8'));

const latencies: number[] = [];
const reader = new EventReader(`${server.url}/api/v1/logs/stream?q=probe`);
const reading = (async () => {
  for await (const { data } of reader) {
    const written = /at=(\d+)/.exec((JSON.parse(data) as { message: string }).message)?.[1];
    if (written) latencies.push(Date.now() - Number(written));
  }
})().catch(() => {});

const before = { agent: cpuSeconds(agent.pid!), fluentBit: cpuSeconds(fluentBit) };
const started = performance.now();
const elapsed = () => (performance.now() - started) / 1000;
const filler = 'x'.repeat(180);
let peak = 0;
for (let written = 0, probes = 0; elapsed() < seconds; ) {
  let lines = '';
  for (const due = elapsed() * rate; written < due; written++) lines += `INFO line ${written} ${filler}\n`;
  for (const due = elapsed() * PROBES_PER_SECOND; probes < due; probes++)
    lines += `INFO probe at=${Date.now()}\n`;
  if (lines !== '') appendFileSync(log, lines);
  peak = Math.max(peak, memory(fluentBit));
  await setTimeout(10);
}
const share = (pid: number, from: number) => `${(((cpuSeconds(pid) - from) / elapsed()) * 100).toFixed(2)} %`;
const figures = {
  'lines per second': rate.toFixed(1),
  'Fluent Bit, CPU of one core': share(fluentBit, before.fluentBit),
  'Fluent Bit, peak RSS MB': (peak / 1e6).toFixed(1),
  'logplane agent, CPU of one core': share(agent.pid!, before.agent),
  'logplane agent, RSS MB': (memory(agent.pid!) / 1e6).toFixed(1),
};
await setTimeout(3_000);
latencies.sort((a, b) => a - b);
const at = (part: number) =>
  `${latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))]} ms`;
console.table({
  ...figures,
  'write to searchable, p50': at(0.5),
  'write to searchable, p99': at(0.99),
  'write to searchable, most': at(1),
  probes: latencies.length,
});

await end(agent);
await server.stop();
await reading;
await rm(folder, { recursive: true, force: true });

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function memory(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}
