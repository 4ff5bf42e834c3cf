import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, renameSync, symlinkSync, truncateSync } from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
import { missingPrograms } from './ssh-server.ts';
import { Syncing } from './syncing.ts';

const missing = missingPrograms();
if (missing) t.plan(0, missing);
else {
  t.test('the documented examples answer as documented', async (t) => {
    const s = await Syncing.start(t, true);
    s.write('loadgen-12345.out', 'first\nsecond\nthird\n');
    s.write('loadgen-12345.err', 'srun: error: gr015: task 0: Exited with exit code 1\n');
    s.write('vllm_777.out', 'INFO 06-18 09:16:00 api_server.py:840] started\n');
    s.write('mystery.log', 'nothing known\n');
    t.match(await s.post('/sync/trigger'), {
      status: 'success',
      message: 'Log sync completed',
      categories: { client: 2, vllm: 1, uncategorized: 1 },
    });
    t.same(await s.json('/services'), [
      'server',
      'client',
      'vllm',
      'vector-db',
      'monitoring',
      'uncategorized',
    ]);
    const stats = await s.json('/services/stats');
    t.match(stats.client, { service: 'client', file_count: 2, total_size_bytes: 71, record_count: 4 });
    t.match(stats.client.latest_modified, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const files = await s.json('/logs?service=client&limit=10');
    t.match(files[1], {
      filename: 'loadgen-12345.out',
      path: 'categorized/client/loadgen-12345.out',
      size_bytes: 19,
      service: 'client',
      record_count: 3,
    });
    t.same((await s.json('/logs?limit=1&offset=1')).length, 1);
    const content = await s.fetch('/logs/content?path=categorized/client/loadgen-12345.out&tail=2');
    t.equal(await content.text(), 'second\nthird\n');
    const [record] = (await s.json('/api/v1/logs/search?q=gr015')).records;
    t.match(record, {
      level: 'ERROR',
      service: 'client',
      source: 'slurm',
      job_id: '12345',
      stream: 'err',
      machine_id: '127.0.0.1',
    });
    t.match(await s.post('/logs/delete?path=categorized/client/loadgen-12345.out'), { status: 'success' });
    t.equal(await s.count('file_path:*loadgen-12345.out'), 0);
    t.match(await s.post('/logs/cleanup'), { status: 'success', deleted: 3 });
    t.same(await s.json('/logs'), []);
    t.same(await s.json('/services/stats'), {});
  });

  t.test('only new bytes become records, each line once', async (t) => {
    const s = await Syncing.start(t, true);
    s.write('grows-1234.out', 'one\ntwo\n');
    s.write('stays-1234.out', 'stays\n');
    await s.post('/sync/trigger');
    appendFileSync(s.remote('grows-1234.out'), 'three\n');
    t.match(await s.post('/sync/trigger'), { new_files: 0, changed_files: 1, bytes: 6 });
    await s.post('/sync/trigger');
    t.match(await s.post('/sync/trigger'), { new_files: 0, changed_files: 0, bytes: 0 });
    t.same(await s.messages('file_path:*grows-1234.out'), ['one', 'two', 'three']);
    t.equal(await s.count('file_path:*'), 4);
  });

  t.test('a line that is not finished waits for its end', async (t) => {
    const s = await Syncing.start(t, false);
    s.write('half.log', 'whole\nha', 0);
    await s.post('/sync/trigger');
    t.same(await s.messages('file_path:*half.log'), ['whole']);
    appendFileSync(s.remote('half.log'), 'lf\nlast');
    await s.post('/sync/trigger');
    t.same(await s.messages('file_path:*half.log'), ['whole', 'half']);
    // Nothing came between two syncs: the writer has stopped.
    await s.post('/sync/trigger');
    t.same(await s.messages('file_path:*half.log'), ['whole', 'half', 'last']);
  });

  t.test('a rewritten or truncated file is taken in once as the new content that it is', async (t) => {
    const s = await Syncing.start(t, true);
    const banner = 'x'.repeat(1500);
    s.write('shorter.log', 'a1\na2\na3\n', 30);
    s.write('longer.log', `${banner}\nb1\n`, 30);
    s.write('empty.log', 'c1\n', 30);
    await s.post('/sync/trigger');
    s.write('shorter.log', 'a4\n', 20);
    s.write('longer.log', `${banner}\nb2 b2\nb3\n`, 20);
    truncateSync(s.remote('empty.log'));
    await s.post('/sync/trigger');
    await s.post('/sync/trigger');
    t.same(await s.messages('file_path:*shorter.log'), ['a1', 'a2', 'a3', 'a4']);
    t.same(await s.messages('file_path:*longer.log'), [banner, 'b1', banner, 'b2 b2', 'b3']);
    t.same(await s.messages('file_path:*empty.log'), ['c1']);
    const text = await (await s.fetch('/logs/content?path=categorized/uncategorized/shorter.log')).text();
    t.equal(text, 'a4\n');
  });

  t.test('a file that logrotate renamed is not taken in again', async (t) => {
    const s = await Syncing.start(t, false);
    s.write('a.log', 'one\ntwo\n', 30);
    await s.post('/sync/trigger');
    appendFileSync(s.remote('a.log'), 'three\n');
    renameSync(s.remote('a.log'), s.remote('a.log.1'));
    s.write('a.log', 'four\n', 5);
    await s.post('/sync/trigger');
    await s.post('/sync/trigger');
    t.same((await s.messages('file_path:*a.log*')).sort(), ['four', 'one', 'three', 'two']);
  });

  t.test('a rotation between the list and the transfer is not taken in again', async (t) => {
    const s = await Syncing.start(t, true);
    s.write('a.log', 'one\ntwo\n', 30);
    await s.post('/sync/trigger');
    appendFileSync(s.remote('a.log'), 'three\n');
    s.write('rotated', 'four, and longer than before\n', 5);
    const runs = `${s.folder}/runs`;
    s.ssh!.install(
      'rsync',
      `#!/bin/sh\ncd '${s.folder}/base path/logs'; echo >> '${runs}'; [ "$(wc -l < '${runs}')" = 2 ] && mv a.log a.log.1 && mv rotated a.log\ncd; exec /usr/bin/rsync "$@"\n`,
    );
    t.match(await s.post('/sync/trigger'), { status: 'success' });
    t.match(await s.post('/sync/trigger'), { status: 'success' });
    t.same((await s.messages('file_path:*a.log*')).sort(), [
      'four, and longer than before',
      'one',
      'three',
      'two',
    ]);
  });

  t.test('a file that is deleted at its source stays here', async (t) => {
    const s = await Syncing.start(t, true);
    s.write('gone.log', 'kept\n');
    await s.post('/sync/trigger');
    renameSync(s.remote('gone.log'), `${s.folder}/elsewhere`);
    await s.post('/sync/trigger');
    t.equal((await s.json('/logs')).length, 1);
  });

  t.test('names of every kind arrive; links, sockets and pipes do not', async (t) => {
    const s = await Syncing.start(t, true);
    const names = [
      '-rf.log',
      '--delete',
      '#x',
      ';y',
      'it\'s "q" $(id) `id`.log',
      'new\nline.log',
      'ünïcode 日本.log',
      '\\#012',
      ' sp ',
      '*?[a].log',
    ];
    for (const name of names) s.write(name, `in ${JSON.stringify(name)}\n`);
    s.write('sub folder/slurm-1234.out', 'below\n');
    symlinkSync('/etc/passwd', s.remote('passwd.log'));
    symlinkSync('/etc', s.remote('etc'));
    mkdirSync(s.remote('folder.log'));
    execFileSync('mkfifo', [s.remote('pipe.log')]);
    const socket = createServer().listen(s.remote('socket.log'));
    t.teardown(() => socket.close());
    await once(socket, 'listening');
    const answer = await s.post('/sync/trigger');
    t.match(answer, { status: 'success', new_files: names.length + 1 });
    const files = await s.json('/logs');
    t.same(
      files.map(({ path }: { path: string }) => path).sort(),
      [...names, 'sub folder/slurm-1234.out'].map((name) => `categorized/uncategorized/${name}`).sort(),
    );
    for (const { path } of files) {
      const response = await s.fetch(`/logs/content?path=${encodeURIComponent(path)}`);
      t.match(await response.text(), /^(in ".*"|below)\n$/, path);
    }
    t.equal(await s.count('file_path:*'), names.length + 1);
    t.match(await s.post('/sync/trigger'), { new_files: 0, changed_files: 0 });
  });

  t.test('progress that a line draws over and over is one record, a traceback too', async (t) => {
    const s = await Syncing.start(t, true);
    s.write(
      'train_777_3.err',
      'step 0%\rstep 50%\rstep 100%\nTraceback (most recent call last):\n  File "a.py", line 1\nValueError: bad\n',
    );
    await s.post('/sync/trigger');
    t.same(await s.messages('file_path:*'), [
      'step 100%',
      'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: bad',
    ]);
    const [record] = (await s.json('/api/v1/logs/search?q=ValueError')).records;
    t.match(record, { job_id: '777', array_task_id: '3', stream: 'err', level: 'ERROR' });
  });
}
