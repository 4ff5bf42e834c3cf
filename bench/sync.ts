import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../control-plane/config.ts';
import { createConsoleLog } from '../control-plane/http/console-log.ts';
import { startServer } from '../control-plane/server/server.ts';
import { SshServer } from '../test/control-plane/features/sync/ssh-server.ts';

/**
 * A first sync of FILES files and BYTES bytes, one with nothing new, one with 50 files that grew, one tail of a large file:
 * `npm run bench bench/sync.ts [FILES] [BYTES] [local]`; through an sshd on loopback, or from a local folder.
 */
const [files = 5_000, bytes = 1_000_000_000] = process.argv.slice(2, 4).map(Number);
const overSsh = process.argv[4] !== 'local';
const folder = mkdtempSync(join(tmpdir(), 'logplane-sync-'));
const logs = join(folder, 'base', 'logs');
const line = (index: number) =>
  `2026-06-18 09:16:${String(index % 60).padStart(2, '0')} INFO step ${index} loss ${(index % 997) / 100} lr 0.0003 tokens/s ${index * 7}\n`;

let lines = 0;
for (let file = 0; file < files; file++) {
  const kind = ['loadgen', 'vllm', 'qdrant', 'train'][file % 4];
  let text = '';
  while (text.length < bytes / files) text += line(lines++);
  const path = join(logs, `run-${file % 50}`, `${kind}-${100_000 + file}.out`);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  utimesSync(path, Date.now() / 1000 - 600, Date.now() / 1000 - 600);
}

const endings: (() => unknown)[] = [];
const ssh = overSsh
  ? await SshServer.start({ teardown: (end) => endings.push(end) }, join(folder, 'ssh'))
  : undefined;
const server = await startServer(
  readConfig({
    PORT: '0',
    DATA_DIR: join(folder, 'data'),
    REMOTE_BASE_PATH: join(folder, 'base'),
    SYNC_INTERVAL: '0',
    GRPC_PORT: '0',
    LOG_API_CALLS: 'false',
    ...ssh?.settings,
  }),
  createConsoleLog('info'),
);

async function sync(name: string): Promise<void> {
  const started = performance.now();
  const cpu = process.cpuUsage();
  const answer = await (await fetch(`${server.url}/sync/trigger`, { method: 'POST' })).json();
  const { user, system } = process.cpuUsage(cpu);
  const { total } = (await (await fetch(`${server.url}/api/v1/logs/count`)).json()) as { total: number };
  const seconds = ((performance.now() - started) / 1000).toFixed(2);
  const { status, message, new_files, changed_files, bytes } = answer as Record<string, unknown>;
  console.log(
    `${name}: ${seconds} s, server CPU ${((user + system) / 1e6).toFixed(1)} s, RSS ${Math.round(process.memoryUsage().rss / 1e6)} MB`,
    { status, message, new_files, changed_files, bytes, records: total, expected: lines },
  );
}

await sync('first');
await sync('nothing new');
for (let file = 0; file < 50; file++) {
  const path = join(
    logs,
    `run-${file}`,
    `${['loadgen', 'vllm', 'qdrant', 'train'][file % 4]}-${100_000 + file}.out`,
  );
  let text = '';
  for (let count = 0; count < 100; count++) text += line(lines++);
  appendFileSync(path, text);
  utimesSync(path, Date.now() / 1000 - 60, Date.now() / 1000 - 60);
}
await sync('50 appended');

const large = join(folder, 'data', 'synced', ssh ? 'remote' : 'local', 'run-0', 'loadgen-100000.out');
execFileSync('sh', [
  '-c',
  'yes "a line of a large file that is read from its end" | head -c 2000000000 > "$0"',
  large,
]);
for (let round = 0; round < 3; round++) {
  const started = performance.now();
  const address = `${server.url}/logs/content?path=categorized/client/run-0/loadgen-100000.out&tail=100`;
  const text = await (await fetch(address)).text();
  console.log(
    `tail of 2 GB: ${(performance.now() - started).toFixed(1)} ms, ${text.split('\n').length - 1} lines`,
  );
}
await server.close();
for (const end of endings) await end();
rmSync(folder, { recursive: true });
process.exit(0);
