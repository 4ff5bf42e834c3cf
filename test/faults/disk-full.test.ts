import { execFile } from 'node:child_process';
import { appendFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { startProcess } from '../end-to-end/test-server.ts';
import { MODULE_OPTIONS, programFile } from '../project-module.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { drillFullDisk, fill } from './disk-drill.ts';
import { canMount, Mount } from './mount.ts';

if (!canMount()) t.plan(0, 'may not mount a small file system');
else {
  t.test('a full disk refuses for the time being, answers queries, and loses nothing', async (t) => {
    const result = await drillFullDisk({ folder: temporaryFolder(), megabytes: 96, rounds: 1, refusals: 10 });
    t.match(result, { lost: 0, duplicated: 0 });
    t.equal(result.stored, result.acknowledged);
    t.ok(result.refused >= 10, `${result.refused} refusals`);
    t.ok(result.readWhileFull > 0, 'queries are answered while the disk is full');
  });

  t.test('a request whose dead letters cannot be kept is refused for the time being too', async (t) => {
    const folder = temporaryFolder();
    const disk = new Mount(join(folder, 'disk'), 96);
    t.teardown(() => disk.end());
    const server = await startProcess({ DATA_DIR: join(folder, 'disk', 'data') });
    t.teardown(() => server.stop('SIGKILL'));
    const ballast = join(folder, 'disk', 'ballast');
    const body = `no JSON ${'x'.repeat(100_000)}\n{"message":"its neighbour"}`;
    fill(ballast, disk.folder);
    const refused = await fetch(`${server.url}/logs/ingest`, { method: 'POST', body });
    t.equal(refused.status, 503);
    t.equal(refused.headers.get('retry-after'), '1');
    rmSync(ballast);
    t.match(await server.ingest(body), { status: 200, body: { accepted: 1, rejected: 1 } });
  });

  t.test('what is acknowledged and cannot be stored is missing in no answer without a word', async (t) => {
    const folder = temporaryFolder();
    const disk = new Mount(join(folder, 'disk'), 256);
    t.teardown(() => disk.end());
    const server = await startProcess({ DATA_DIR: join(folder, 'disk', 'data') });
    t.teardown(() => server.stop('SIGKILL'));
    const lines = (message: string, count: number) =>
      Array.from({ length: count }, (_, n) => JSON.stringify({ message, n })).join('\n');
    t.match(await server.ingest(lines('old', 100)), { status: 200 });
    const count = () => server.get('/api/v1/logs/count');
    t.match(await count(), { total: 100, pending_records: undefined });

    // Few inodes are left: enough for a file of the journal, and not for the 41 of a part of the table.
    const { files, ffree } = statfsSync(disk.folder);
    disk.remount(`nr_inodes=${files - ffree + 8}`);
    t.match(await server.ingest(lines('new', 20_000)), { status: 200, body: { accepted: 20_000 } });
    await until(
      async () => (await count()).pending_records !== undefined,
      'it is known that they cannot be stored',
    );
    const paths = [
      'count',
      'search?q=old',
      'histogram',
      'facets?fields=service',
      'patterns',
      'recent',
      'export',
    ];
    for (const path of paths) {
      const response = await fetch(`${server.url}/api/v1/logs/${path}`);
      t.equal(response.status, 200, path);
      t.equal(response.headers.get('x-pending-records'), '20000', path);
      const text = await response.text();
      if (path === 'recent' || path === 'export') continue;
      t.match(JSON.parse(text), { pending_records: 20_000, pending_reason: /space/i }, path);
    }
    t.match(await server.get('/api/v1/logs/search?q=old&limit=1000'), { records: { length: 100 } });
    t.match(await server.get('/readyz'), { impaired: { journal: /20000 acknowledged records/ } });
    const cli = programFile('control-plane/cli/main.ts');
    const command = [...MODULE_OPTIONS, cli, 'count', '--server', server.url];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, command);
    t.equal(stdout, '100\n');
    t.match(stderr, /20000 acknowledged records cannot be stored now/);

    disk.remount('nr_inodes=1000000');
    await until(async () => (await count()).total === 20_100, 'they are stored once there is room');
    t.match(await count(), { total: 20_100, pending_records: undefined, pending_reason: undefined });
  });

  t.test('a stop with a full disk is one like any other', async (t) => {
    const folder = temporaryFolder();
    const disk = new Mount(join(folder, 'disk'), 96);
    t.teardown(() => disk.end());
    const tailed = join(folder, 'a.log');
    writeFileSync(tailed, 'one\n');
    const settings = { DATA_DIR: join(folder, 'disk', 'data'), LOG_PATHS: tailed };
    const server = await startProcess(settings);
    t.teardown(() => server.stop('SIGKILL'));
    await server.ingest('{"message":"acknowledged"}');
    const ballast = join(folder, 'disk', 'ballast');
    fill(ballast, disk.folder);
    appendFileSync(tailed, 'two\n');
    t.equal(await server.stop('SIGTERM'), 0);
    rmSync(ballast);
    const next = await startProcess(settings);
    t.teardown(() => next.stop('SIGKILL'));
    const count = async () => (await next.get('/api/v1/logs/count')).total;
    await until(async () => (await count()) >= 3, 'what was acknowledged and what is in the file');
    t.equal(await count(), 3);
  });

  t.test(
    'a rule or a silence that cannot be stored is refused for the time being, with the reason',
    async (t) => {
      const folder = temporaryFolder();
      const disk = new Mount(join(folder, 'disk'), 96);
      t.teardown(() => disk.end());
      const server = await startProcess({ DATA_DIR: join(folder, 'disk', 'data') });
      t.teardown(() => server.stop('SIGKILL'));
      const post = (path: string, body: object) =>
        fetch(`${server.url}/api/v1/alerts/${path}`, { method: 'POST', body: JSON.stringify(body) });
      const rule = { name: 'full', query: 'x', kind: 'count', description: 'x'.repeat(400) };
      const silence = {
        rule: 'full',
        from: new Date().toISOString(),
        to: new Date(Date.now() + 3_600_000).toISOString(),
      };
      const ballast = join(folder, 'disk', 'ballast');
      fill(ballast, disk.folder);
      for (const [path, body] of [
        ['rules', rule],
        ['silences', silence],
      ] as const) {
        const refused = await post(path, body);
        const { error } = (await refused.json()) as { error: { message: string } };
        t.equal(refused.status, 503, `${path}: ${error.message}`);
        t.match(error.message, /the disk of the store is full and nothing was stored/);
        t.ok(refused.headers.get('retry-after'));
      }
      rmSync(ballast);
      t.equal((await post('rules', rule)).status, 201);
    },
  );
}
