import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { missingPrograms } from './ssh-server.ts';
import { Syncing } from './syncing.ts';

const missing = missingPrograms();
if (missing) t.plan(0, missing);
else {
  t.test('content: whole, head, tail, a range, a download', async (t) => {
    const s = await Syncing.start(t, false);
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`);
    s.write('a.log', lines.join(''));
    s.write('open end.log', 'one\ntwo');
    s.write('empty.log', '');
    await s.post('/sync/trigger');
    const text = async (parameters: string, name = 'a.log') =>
      (await s.fetch(`/logs/content?path=categorized/uncategorized/${name}&${parameters}`)).text();
    t.equal(await text(''), lines.join(''));
    t.equal(await text('tail=3'), lines.slice(-3).join(''));
    t.equal(await text('tail=15000'), lines.slice(-15_000).join(''));
    t.equal(await text('tail=20001'), lines.join(''));
    t.equal(await text('tail=0'), '');
    t.equal(await text('head=2'), 'line 0\nline 1\n');
    t.equal(await text('head=15000'), lines.slice(0, 15_000).join(''));
    t.equal(await text('range=5-9'), lines.join('').slice(5, 10));
    t.equal(await text('range=-4'), '999\n'.slice(-4));
    t.equal(await text('tail=1', 'open%20end.log'), 'two');
    t.equal(await text('head=9', 'open%20end.log'), 'one\ntwo');
    t.equal(await text('tail=5', 'empty.log'), '');
    const response = await s.fetch('/logs/content?path=categorized/uncategorized/a.log&download=true', {
      headers: { Range: 'bytes=0-3' },
    });
    t.equal(response.status, 206);
    t.equal(await response.text(), 'line');
    t.equal(response.headers.get('content-range'), `bytes 0-3/${lines.join('').length}`);
    t.match(response.headers.get('content-disposition'), /attachment; filename="a.log"/);
    t.equal((await s.fetch('/logs/content?path=categorized/uncategorized/a.log&tail=1&head=1')).status, 400);
    t.equal((await s.fetch('/logs/content?path=categorized/uncategorized/a.log&range=9')).status, 400);
  });

  t.test('files that agents shipped are listed, read and deleted beside the synced ones', async (t) => {
    const s = await Syncing.start(t, false);
    s.write('vllm.log', 'synced\n');
    await s.post('/sync/trigger');
    const ship = (machine_id: string, file_path: string, log: string) =>
      s.fetch('/logs/ingest', { method: 'POST', body: JSON.stringify({ machine_id, file_path, log }) });
    for (const line of ['one', 'two', 'three']) await ship('gpu/01', '/var/log/vllm.log', line);
    await ship('gpu/02', '/var/log/vllm.log', 'other machine');
    const files = await s.json('/logs?service=vllm');
    t.equal(files.length, 3);
    const path = 'agents/gpu%2F01/var/log/vllm.log';
    t.match(
      files.find((file: { path: string }) => file.path === path),
      { filename: 'vllm.log', size_bytes: 14, machine_id: 'gpu/01', file_path: '/var/log/vllm.log' },
    );
    t.match((await s.json('/services/stats')).vllm, { file_count: 3, total_size_bytes: 35, record_count: 5 });
    const address = `/logs/content?path=${encodeURIComponent(path)}`;
    t.equal(await (await s.fetch(address)).text(), 'one\ntwo\nthree\n');
    t.equal(await (await s.fetch(`${address}&tail=2`)).text(), 'two\nthree\n');
    t.equal(await (await s.fetch(`${address}&head=1`)).text(), 'one\n');
    t.match(await s.post(`/logs/delete?path=${encodeURIComponent(path)}`), { status: 'success' });
    t.equal((await s.fetch(address)).status, 404);
    t.match((await s.json('/services/stats')).vllm, { file_count: 2, total_size_bytes: 21, record_count: 2 });
  });

  t.test('paths that lead elsewhere are refused, and nothing is read or removed', async (t) => {
    const s = await Syncing.start(t, false);
    s.write('a.log', 'mine\n');
    await s.post('/sync/trigger');
    writeFileSync(s.local('secret'), 'secret\n');
    mkdirSync(s.local('categorized/client'), { recursive: true });
    symlinkSync(s.local('secret'), s.local('categorized/client/link.log'));
    symlinkSync(s.folder, s.local('categorized/uncategorized/up'));
    const attacks = [
      '',
      '/etc/passwd',
      '../secret',
      'categorized/../secret',
      'categorized/client/../../secret',
      'categorized/client/..%2f..%2fsecret',
      '%2e%2e/secret',
      'categorized/%252e%252e/%252e%252e/secret',
      'categorized/client/..\\..\\secret',
      'categorized/client/link.log',
      'categorized/uncategorized/up/data/secret',
      'categorized/client/',
      'categorized/uncategorized/a.log/',
      'categorized/uncategorized//a.log',
      'categorized/uncategorized/./a.log',
      'categorized/uncategorized/a.log%00.txt',
      'synced/local/a.log',
      'state/sync-local',
      'admin-token',
      `categorized/client/${'x'.repeat(5000)}`,
      `categorized/client/${'../../'.repeat(500)}etc/passwd`,
      'file:///etc/passwd',
      'agents/x/../../secret',
    ];
    for (const attack of attacks) {
      for (const init of [
        { method: 'GET', at: 'content' },
        { method: 'POST', at: 'delete' },
      ]) {
        const response = await s.fetch(`/logs/${init.at}?path=${attack}`, { method: init.method });
        const body = await response.text();
        t.ok([400, 404].includes(response.status), `${init.at} ${attack.slice(0, 60)}: ${response.status}`);
        t.notMatch(body, /^(secret|mine|root:)/);
        t.ok(JSON.parse(body).error.message);
      }
    }
    t.same(s.listLocal('').filter((name) => /^(secret|admin-token|synced)/.test(name)).length, 3);
    t.equal(await (await s.fetch('/logs/content?path=categorized/uncategorized/a.log')).text(), 'mine\n');
  });

  t.test('delete, cleanup and sync need the admin token where one is set', async (t) => {
    const s = await Syncing.start(t, false, { ADMIN_TOKEN: 'secret' });
    s.write('a.log', 'one\n');
    const post = (path: string, token?: string) =>
      s.fetch(path, { method: 'POST', ...(token && { headers: { 'X-Admin-Token': token } }) });
    t.equal((await post('/sync/trigger')).status, 401);
    t.equal((await post('/sync/trigger', 'secret')).status, 200);
    const paths = ['/logs/delete?path=categorized/uncategorized/a.log', '/logs/cleanup'];
    for (const path of paths) {
      t.equal((await post(path)).status, 401);
      t.equal((await post(path, 'wrong')).status, 401);
    }
    t.equal((await s.json('/logs')).length, 1);
    for (const path of paths) t.equal((await post(path, 'secret')).status, 200);
    t.same(await s.json('/logs'), []);
  });
}
