import { appendFileSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../pipeline/agent/fluent-bit/free-port.ts';
import { startProcess } from '../end-to-end/test-server.ts';
import { startMachine } from '../pipeline/agent/agent-on-machine.ts';
import { until } from '../until.ts';
import { pidOf } from './agent-drill.ts';

export interface HolesDrillResult {
  readonly planted: number;
  /** Holes with the planted range and reason. */
  readonly named: number;
  /** Holes where none was planted. */
  readonly invented: number;
  readonly wrong: readonly string[];
}

interface Planted {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

const LOST = Array.from({ length: 30 }, (_, line) => `INFO a line that is lost, number ${line}\n`).join('');
const FIRST = 'INFO first\nINFO second\n';
/** Longer than the agent needs to see the sizes of files, and than its heartbeat. */
const SEEN_MS = 3_000;
/** Longer than bytes are waited for. */
const SETTLE_MS = 120_000;

/** Plants holes of each kind in `count` files each, which a real Fluent Bit tails, and asks the ledger for them. */
export async function drillHoles(folder: string, count: number): Promise<HolesDrillResult> {
  const settings = { DATA_DIR: join(folder, 'data'), PORT: String(await freePort()) };
  let server = await startProcess(settings);
  const logs = join(folder, 'logs/machine');
  const sources = [{ type: 'files', paths: [`${logs}/*.log`] }];
  await fetch(`${server.url}/api/v1/profiles/fleet`, { method: 'PUT', body: JSON.stringify({ sources }) });
  const machine = await startMachine(server.url, folder);
  const isRunning = async () => (await server.get('/api/v1/agents')).agents[0]?.uptime_s !== undefined;
  await until(isRunning, 'a running Fluent Bit');
  const filesOf = (kind: string) => Array.from({ length: count }, (_, n) => join(logs, `${kind}-${n}.log`));
  const kinds = ['whole', 'truncated', 'cut', 'rotated', 'killed'] as const;
  for (const kind of kinds) for (const file of filesOf(kind)) appendFileSync(file, FIRST);
  const ledger = async () => (await server.get('/api/v1/files/ledger')).files as LedgerFile[];
  const allStored = async () => {
    const files = await ledger();
    return files.length === kinds.length * count && files.every((file) => file.bytes_stored === FIRST.length);
  };
  await until(allStored, 'the first lines');
  await setTimeout(SEEN_MS);
  const planted: Planted[] = [];
  const lose = (file: string, reason: string) => {
    const from = statSync(file).size;
    appendFileSync(file, LOST);
    planted.push({ file, from, to: from + LOST.length, reason });
  };

  // Fluent Bit stands still while its files are written and truncated, or rotated and removed.
  process.kill(pidOf(machine), 'SIGSTOP');
  for (const file of filesOf('truncated')) lose(file, 'truncation');
  await setTimeout(SEEN_MS);
  for (const file of filesOf('truncated')) truncateSync(file);
  await setTimeout(SEEN_MS);
  process.kill(pidOf(machine), 'SIGCONT');
  // A file that has its old size again when Fluent Bit looks was not truncated, for it.
  await setTimeout(SEEN_MS);
  for (const file of filesOf('truncated')) appendFileSync(file, FIRST);
  await setTimeout(SEEN_MS);

  process.kill(pidOf(machine), 'SIGSTOP');
  for (const file of filesOf('rotated')) lose(file, 'rotation');
  await setTimeout(SEEN_MS);
  for (const file of filesOf('rotated')) {
    renameSync(file, `${file}.1`);
    appendFileSync(file, FIRST);
  }
  await setTimeout(SEEN_MS);
  for (const file of filesOf('rotated')) rmSync(`${file}.1`);
  process.kill(pidOf(machine), 'SIGKILL');
  await setTimeout(SEEN_MS * 2);

  for (const file of filesOf('cut')) {
    const from = statSync(file).size + 64_000;
    appendFileSync(file, `${'x'.repeat(150_000)}\n${FIRST}`);
    planted.push({ file, from, to: from + 86_001, reason: 'skipped line' });
  }
  await setTimeout(SEEN_MS);

  // What Fluent Bit has read and not sent is lost with its buffer.
  await server.stop('SIGTERM');
  for (const file of filesOf('killed')) lose(file, 'kill');
  await setTimeout(SEEN_MS * 2);
  process.kill(pidOf(machine), 'SIGKILL');
  const storage = join(folder, 'state/fluent-bit/storage');
  for (const name of readdirSync(storage, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.flb')) rmSync(join(storage, name), { force: true });
  server = await startProcess(settings);
  await until(isRunning, 'a running Fluent Bit');
  for (const kind of kinds) for (const file of filesOf(kind)) appendFileSync(file, FIRST);

  await setTimeout(SETTLE_MS);
  const files = await ledger();
  const found = files.flatMap(({ file_path: file, holes }) => holes.map((hole) => ({ file, ...hole })));
  const isOf = (hole: Planted, other: Planted) =>
    hole.file === other.file &&
    hole.reason === other.reason &&
    hole.from === other.from &&
    hole.to === other.to;
  const named = planted.filter((hole) => found.some((other) => isOf(hole, other)));
  const invented = found.filter((hole) => !planted.some((other) => isOf(other, hole)));
  await machine.agent.stop();
  await server.stop('SIGTERM');
  return {
    planted: planted.length,
    named: named.length,
    invented: invented.length,
    wrong: [
      ...planted.filter((hole) => !named.includes(hole)).map((hole) => `missing ${JSON.stringify(hole)}`),
      ...invented.map((hole) => `invented ${JSON.stringify(hole)}`),
    ].slice(0, 40),
  };
}

interface LedgerFile {
  readonly file_path: string;
  readonly bytes_stored: number;
  readonly holes: readonly Omit<Planted, 'file'>[];
}
