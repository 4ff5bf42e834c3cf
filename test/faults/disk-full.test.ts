import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startProcess } from '../end-to-end/test-server.ts';
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
        t.match(error.message, /the disk of the store is full/);
        t.ok(refused.headers.get('retry-after'));
      }
      rmSync(ballast);
      t.equal((await post('rules', rule)).status, 201);
    },
  );
}
