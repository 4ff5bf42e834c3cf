import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { startHere } from '../../end-to-end/test-server.ts';
import { MODULE_OPTIONS, moduleFile } from '../../project-module.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { until } from '../../until.ts';
import { runCli } from './run-cli.ts';

// Each command starts a process of its own.
t.setTimeout(120_000);
const folder = temporaryFolder();
const server = await startHere({ DATA_DIR: join(folder, 'data') });
t.teardown(() => server.close());

const ingest = (...args: string[]) =>
  runCli(['ingest', '--server', server.url, '--machine', 'gpu-7', ...args], { env: { NO_COLOR: '1' } });
const recordsOf = async (query: string): Promise<Record<string, unknown>[]> =>
  (await server.get(`/api/v1/logs/search?limit=1000&q=${encodeURIComponent(query)}`)).records;

const STACK = 'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\nValueError: bad';
const LINES = [
  '2026-11-20 10:00:00,123 INFO start',
  STACK,
  '{"level":"error","msg":"boom","ts":1794255174.5,"loss":NaN}',
  '{"message":"an exported record","file_path":"/its/own.log","machine_id":"gpu-1"}',
  'Gr\xfc\xdfe in latin1',
  '',
  'without a line feed',
].join('\n');

t.test('a file gives the records of tailing it, and gives them once', async (t) => {
  const path = join(folder, 'a.log');
  writeFileSync(path, LINES, 'latin1');
  for (let round = 0; round < 2; round++) {
    t.match(await ingest(path), { code: 0, stderr: /6 records accepted, 0 rejected/ });
    const records = await recordsOf(`file_path:"${path}"`);
    for (const expected of [
      { message: '2026-11-20 10:00:00,123 INFO start', timestamp: '2026-11-20T10:00:00.123Z' },
      { message: STACK, level: 'ERROR', timestamp: '2026-11-20T10:00:00.123Z' },
      { message: 'boom', level: 'ERROR', loss: 'NaN', timestamp: '2026-11-09T20:12:54.5Z' },
      { message: 'Gr\ufffd\ufffde in latin1' },
      { message: 'without a line feed' },
    ]) {
      const found = records.find(({ message }) => message === expected.message);
      t.match(found, { ...expected, machine_id: 'gpu-7', source: 'file' }, expected.message);
    }
    t.equal(records.length, 5);
  }
  t.match(await recordsOf('"an exported record"'), [{ file_path: '/its/own.log', machine_id: 'gpu-1' }]);
});

t.test('a compressed file, and one of several batches', async (t) => {
  const compressed = join(folder, 'b.log.gz');
  writeFileSync(compressed, gzipSync(`${STACK}\nnext\n`));
  t.match(await ingest(compressed), { code: 0, stderr: /2 records accepted/ });
  t.same((await recordsOf(`file_path:"${compressed}"`)).length, 2);

  const long = join(folder, 'c.log');
  const events = Array.from(
    { length: 12_000 },
    (_, n) => `${n % 100 === 0 ? `${STACK}\n` : ''}line ${n} ${'x'.repeat(150)}`,
  );
  writeFileSync(long, `${events.join('\n')}\n`);
  t.match(await ingest(long), { code: 0, stderr: /12120 records accepted/ });
  const stacks = await recordsOf(`file_path:"${long}" Traceback`);
  t.equal(stacks.length, 120);
  t.ok(stacks.every(({ message }) => message === STACK));
  // Equal lines of one file are all stored.
  const equal = join(folder, 'd.log');
  writeFileSync(equal, 'the same\n'.repeat(12_000));
  t.match(await ingest(equal), { code: 0, stderr: /12000 records accepted/ });
  const counted = await server.get(`/api/v1/logs/count?q=${encodeURIComponent(`file_path:"${equal}"`)}`);
  t.match(JSON.stringify(counted), /\b12000\b/);
});

t.test('of a pipe an event is stored while the pipe is open', async (t) => {
  const child = spawn(
    process.execPath,
    [
      ...MODULE_OPTIONS,
      moduleFile('control-plane/cli/main.ts'),
      'ingest',
      '--server',
      server.url,
      '--machine',
      'piped',
      '-',
    ],
    { stdio: ['pipe', 'ignore', 'ignore'] },
  );
  const ended = new Promise((done) => child.once('close', done));
  child.stdin.write(`first\n${STACK}\n`);
  await until(async () => (await recordsOf('machine_id:piped')).length === 2, 'both events');
  child.stdin.end('last');
  t.equal(await ended, 0);
  t.same((await recordsOf('machine_id:piped')).map(({ message }) => message).toSorted(), [
    STACK,
    'first',
    'last',
  ]);
});
