import { appendFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { missingPrograms } from './ssh-server.ts';
import { Syncing } from './syncing.ts';

const missing = missingPrograms();
if (missing) t.plan(0, missing);
else {
  t.test('a deleted file stays away until it changes at its source', async (t) => {
    const s = await Syncing.start(t, true);
    s.write('a.log', 'one\n');
    s.write('b.log', 'two\n');
    await s.post('/sync/trigger');
    await s.post('/logs/delete?path=categorized/uncategorized/a.log');
    t.match(await s.post('/sync/trigger'), { new_files: 0, changed_files: 0 });
    t.same(s.listLocal('synced/remote'), ['b.log']);
    t.same(s.listLocal('categorized'), ['uncategorized/b.log']);
    t.same(await s.messages('file_path:*'), ['two']);
    await s.stopServer();
    await s.startServer();
    t.match(await s.post('/sync/trigger'), { new_files: 0 }, 'remembered by the next process');
    appendFileSync(s.remote('a.log'), 'three\n');
    t.match(await s.post('/sync/trigger'), { new_files: 1 });
    t.same((await s.messages('file_path:*')).sort(), ['one', 'three', 'two']);
  });

  t.test('counts from the projection are those of the rows after deletes', async (t) => {
    const s = await Syncing.start(t, false);
    for (let file = 0; file < 5; file++) s.write(`f${file}.log`, `${'INFO line\n'.repeat(100)}ERROR last\n`);
    await s.post('/sync/trigger');
    await s.post('/logs/delete?path=categorized/uncategorized/f1.log');
    await s.post('/logs/delete?path=categorized/uncategorized/f3.log');
    t.match((await s.json('/services/stats')).uncategorized, { file_count: 3, record_count: 303 });
    t.equal(
      (await s.json('/logs')).reduce(
        (sum: number, file: { record_count: number }) => sum + file.record_count,
        0,
      ),
      303,
    );
    t.equal(await s.count('INFO OR ERROR'), 303);
    t.same((await s.json('/api/v1/logs/count?by=level')).total, 303);
  });

  t.test('changed rules move files and records, and nothing is taken in again', async (t) => {
    const s = await Syncing.start(t, false);
    s.write('trainer-1234.out', 'one\ntwo\n');
    s.write('loadgen-1234.out', 'three\n');
    await s.post('/sync/trigger');
    t.same(s.listLocal('categorized'), ['client/loadgen-1234.out', 'uncategorized/trainer-1234.out']);
    await s.stopServer();
    const rules = `${s.folder}/rules.yaml`;
    writeFileSync(rules, 'rules: [{service: training, words: [trainer]}]');
    await s.startServer({ CATEGORIES_FILE: rules });
    t.same(s.listLocal('categorized'), ['client/loadgen-1234.out', 'training/trainer-1234.out']);
    await s.post('/sync/trigger');
    t.same(await s.messages('service:training'), ['one', 'two']);
    const stats = await s.json('/services/stats');
    t.match(stats, {
      training: { file_count: 1, record_count: 2 },
      client: { file_count: 1, record_count: 1 },
    });
    t.notOk(stats.uncategorized);
  });

  t.test('records that came before a file showed its service follow it there', async (t) => {
    const s = await Syncing.start(t, true);
    s.write('job-1234.out', 'loading modules\n', 30);
    s.write('plain-1234.out', 'plain\n', 30);
    await s.post('/sync/trigger');
    t.same(await s.messages('service:uncategorized'), ['loading modules', 'plain']);
    s.write(
      'job-1234.out',
      'loading modules\nINFO 06-18 09:16:00 api_server.py:840] started\nplain again\n',
      20,
    );
    await s.post('/sync/trigger');
    t.same(s.listLocal('categorized'), ['uncategorized/plain-1234.out', 'vllm/job-1234.out']);
    t.same(await s.messages('service:uncategorized'), ['plain']);
    t.equal((await s.messages('service:vllm')).length, 3);
    t.match(await s.json('/services/stats'), {
      vllm: { file_count: 1, record_count: 3 },
      uncategorized: { file_count: 1, record_count: 1 },
    });
  });

  t.test('names that collide get one of their own; a link needs no space of its own', async (t) => {
    const s = await Syncing.start(t, false);
    const file = `${s.folder}/sources.yaml`;
    await s.stopServer();
    s.write('b/a.log', 'one\n');
    s.write('b.log', 'big\n');
    const paths = ['base path', 'second'].map((name) => `${s.folder}/${name}`);
    s.write('../../second/logs/a.log', 'two\n');
    writeFileSync(
      file,
      JSON.stringify({
        sources: [
          { name: 'a', path: paths[0] },
          { name: 'b', path: paths[1], machine_id: 'second' },
        ],
      }),
    );
    await s.startServer({ SYNC_SOURCES: file });
    await s.post('/sync/trigger');
    const files = s.listLocal('categorized');
    t.same(files.length, 3);
    t.ok(files.includes('uncategorized/b/a.log') && files.includes('uncategorized/b/a-2.log'), String(files));
    t.equal(
      statSync(s.local('categorized/uncategorized/b.log')).ino,
      statSync(s.local('synced/a/b.log')).ino,
    );
    for (const { path, machine_id } of await s.json('/logs')) {
      const text = await (await s.fetch(`/logs/content?path=${path}`)).text();
      t.equal(text === 'two\n', machine_id === 'second', path);
    }
    t.ok(existsSync(s.local('synced/b/a.log')));
  });
}
