import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { readEvents } from './read-events.ts';
import { startProcess } from './test-server.ts';

const TRACE =
  'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nValueError: tailed trace\n';

t.test('the server tails files itself: growth, rotation, a kill, stack traces, each line once', async (t) => {
  const folder = temporaryFolder();
  const log = join(folder, 'loadgen-12345.out');
  const line = (index: number) =>
    `2026-11-20T10:00:${String(index % 60).padStart(2, '0')}Z INFO tailed line ${index}\n`;
  const write = (from: number, to: number) => {
    for (let index = from; index < to; index++) appendFileSync(log, line(index));
  };
  write(0, 100);
  const settings = { DATA_DIR: temporaryFolder(), MACHINE_ID: 'here' };
  let server = await startProcess(settings, [join(folder, '*.out')]);
  t.teardown(() => server.stop('SIGKILL'));
  let events = readEvents(`${server.url}/api/v1/logs/stream?tail=1000&q=tailed`);
  await events.take(100);

  write(100, 150);
  renameSync(log, `${log}.1`);
  write(150, 200);
  writeFileSync(join(folder, 'new.out'), 'tailed too\n');
  await events.take(101);
  events.close();

  await server.stop('SIGKILL');
  write(200, 250);
  server = await startProcess(settings, [join(folder, '*.out')]);
  events = readEvents(`${server.url}/api/v1/logs/stream?tail=1000&q=tailed`);
  await events.take(251);

  appendFileSync(log, TRACE);
  const [trace] = await events.take(1);
  t.match(trace, {
    level: 'ERROR',
    message: TRACE.trimEnd(),
  });
  events.close();

  const { groups } = await server.get('/api/v1/logs/count?q="tailed line"&by=message');
  t.equal(groups.length, 250);
  t.ok(groups.every((group: { count: number }) => group.count === 1));
  const { records } = await server.get('/api/v1/logs/search?q="tailed line 7"&limit=1&order=asc');
  t.match(records[0], {
    timestamp: '2026-11-20T10:00:07Z',
    service: 'client',
    machine_id: 'here',
    source: 'slurm',
    job_id: '12345',
    file_path: log,
    observed_timestamp: /^20/,
  });
  const { files } = await server.get('/api/v1/files/ledger?machine_id=here');
  const written = Array.from({ length: 250 }, (_, index) => line(index)).join('') + TRACE;
  t.match(
    files.find(({ file_path }: { file_path: string }) => file_path === log),
    { bytes_written: written.length, bytes_stored: written.length, holes: [] },
  );
  t.equal(await server.stop('SIGTERM'), 0);
});
