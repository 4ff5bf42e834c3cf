import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { runCli } from '../control-plane/cli/run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startProcess } from './test-server.ts';

// Six processes that load the engine, one after the other.
t.setTimeout(300_000);
const root = temporaryFolder();
const settings = { DATA_DIR: join(root, 'data'), ADMIN_TOKEN: 'admin-secret' };
const server = await startProcess(settings);
t.teardown(() => server.stop('SIGKILL'));
const cli = (args: string[], env: Record<string, string>) => runCli(args, { env });
const send = (from: number, count: number, agent: string) =>
  server.ingest(
    Array.from({ length: count }, (_, index) =>
      JSON.stringify({ message: `line ${from + index}`, service: `s${index % 3}`, n: from + index }),
    ).join('\n'),
    { 'x-machine-id': agent },
  );
for (let from = 0; from < 20_000; from += 2_000) await send(from, 2_000, 'first');
await server.ingest('this is no JSON\n{"message":"but this is"}');

/** Goes on all the while, with pauses, so that the backup and not the load is what takes the CPU. */
let sent = 20_001;
let sending = true;
const load = (async () => {
  while (sending) {
    await send(100_000 + sent, 100, 'load');
    sent += 100;
    await setTimeout(20);
  }
})();
const before = sent;
const backup = join(root, 'backup');
const made = await cli(['backup', backup, '--server', server.url], settings);
const after = sent;
sending = false;
await load;
await server.stop('SIGKILL');

t.test('a backup is made while records arrive', async (t) => {
  t.equal(made.code, 0, made.stderr);
  t.match(made.stdout, /^dead_letters: 1 rows in 1 parts$/m);
  const rows = Number(/^logs: (\d+) rows/m.exec(made.stdout)![1]);
  t.ok(rows >= before && rows <= after + 100, `${rows} of ${before} to ${after}`);
});

t.test('what was restored is all of it, and the server goes on from there', async (t) => {
  const folder = join(root, 'restored');
  const done = await cli(['restore', backup], { DATA_DIR: folder });
  t.equal(done.code, 0, done.stderr);
  const rows = Number(/^logs: (\d+) rows/m.exec(done.stdout)![1]);

  const second = await startProcess({ ...settings, DATA_DIR: folder });
  t.teardown(() => second.stop('SIGKILL'));
  t.equal((await second.get('/api/v1/logs/count')).total, rows);
  t.equal((await second.get('/api/v1/logs/count?q=n:%3C20000')).total, 20_000);
  t.match((await second.get('/api/v1/logs/search?q=n:4711')).records, [
    { message: 'line 4711', service: 's0' },
  ]);
  t.equal((await second.get('/api/v1/dead-letters')).dead_letters.length, 1);
  const again = await second.ingest(
    Array.from({ length: 2_000 }, (_, index) =>
      JSON.stringify({ message: `line ${index}`, service: `s${index % 3}`, n: index }),
    ).join('\n'),
    { 'x-machine-id': 'first' },
  );
  t.same(again.body, { accepted: 2_000, rejected: 0, duplicate: true }, 'it knows what was sent before');
  const offline = join(root, 'offline');
  await second.stop('SIGTERM');
  const cold = await cli(['backup', offline], { DATA_DIR: folder });
  t.equal(cold.code, 0, cold.stderr);
  t.match(cold.stdout, new RegExp(`^logs: ${rows} rows`, 'm'));
});

t.test('what cannot be is refused, and nothing is changed', async (t) => {
  const full = await cli(['restore', backup], { DATA_DIR: join(root, 'restored') });
  t.match(full, { code: 1, stderr: /holds data already/ });
  const taken = await cli(['backup', backup], { DATA_DIR: join(root, 'restored') });
  t.match(taken, { code: 1, stderr: /is not empty/ });
  const none = await cli(['restore', join(root, 'nothing')], { DATA_DIR: join(root, 'new') });
  t.match(none, { code: 1, stderr: /is not a complete backup/ });
  const [part] = readdirSync(join(backup, 'tables', 'logs')).filter((name) => /^\d{8}_/.test(name));
  appendFileSync(join(backup, 'tables', 'logs', part!, 'checksums.txt'), 'x');
  const damaged = await cli(['restore', backup], { DATA_DIR: join(root, 'new') });
  t.match(damaged, {
    code: 1,
    stderr: /the backup is damaged: tables\/logs\/.*checksums\.txt has the checksum/,
  });
});
