import { randomBytes } from 'node:crypto';
import { appendFileSync, cpSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import t from 'tap';
import { canMount, Mount } from '../../../faults/mount.ts';
import { until } from '../../../until.ts';
import { missingPrograms } from './ssh-server.ts';
import { Syncing } from './syncing.ts';

/** The far end is killed after so many bytes. */
function breakOff(s: Syncing, bytes: number): void {
  const pid = `${s.folder}/pid`;
  s.ssh!.install(
    'rsync',
    `#!/bin/bash
(echo $BASHPID > '${pid}'; exec /usr/bin/rsync "$@") | { stdbuf -o0 head -c ${bytes}; IFS= read -r -n 1 && kill -9 "$(cat '${pid}')" || true; }
`,
  );
}

const missing = missingPrograms();
if (missing) t.plan(0, missing);
else {
  t.test('a transfer that is killed in the middle goes on where it ended', async (t) => {
    const s = await Syncing.start(t, true);
    const lines = Array.from({ length: 50_000 }, (_, index) => `line ${index} ${'x'.repeat(20)}\n`);
    s.write('big.log', lines.join(''));
    s.write('small.log', 'small\n');
    breakOff(s, 2_000_000);
    // Incompressible, so that the limit falls into the middle of a file.
    const noise = Buffer.alloc(3_000_000);
    for (let index = 0; index < noise.length; index++) noise[index] = 33 + Math.floor(Math.random() * 90);
    for (let index = 79; index < noise.length; index += 80) noise[index] = 10;
    s.write('noise.log', noise);
    t.match(await s.post('/sync/trigger'), { status: 'error', message: /the connection was cut|killed/ });
    const before = await s.count('file_path:*');
    t.ok(before > 0, 'what came can be read');
    rmSync(`${s.ssh!.bin}/rsync`);
    // The next sync comes a while later: what is there of the last line is no line that its writer has left.
    const now = Date.now;
    t.intercept(Date, 'now', { value: () => now() + 120_000 });
    t.match(await s.post('/sync/trigger'), { status: 'success' });
    t.equal(await s.count('file_path:*big.log'), 50_000);
    t.equal(await s.count('file_path:*noise.log'), 37_500);
    t.equal(await s.count('file_path:*small.log'), 1);
    t.same(readFileSync(s.local('synced/remote/noise.log')).equals(noise), true);
  });

  t.test('a rotation whose transfer breaks off between its files is not taken in again', async (t) => {
    const s = await Syncing.start(t, true);
    s.write('a.log', 'one\ntwo\n', 30);
    await s.post('/sync/trigger');
    appendFileSync(s.remote('a.log'), 'three\n');
    renameSync(s.remote('a.log'), s.remote('a.log.1'));
    s.write('a.log', 'four\n', 5);
    // The third run of a sync, behind the list and the first files, does not come about.
    const runs = `${s.folder}/runs`;
    s.ssh!.install(
      'rsync',
      `#!/bin/sh\necho >> '${runs}'; [ "$(wc -l < '${runs}')" = 3 ] && exit 1\nexec /usr/bin/rsync "$@"\n`,
    );
    t.match(await s.post('/sync/trigger'), { status: 'error' });
    rmSync(`${s.ssh!.bin}/rsync`);
    t.match(await s.post('/sync/trigger'), { status: 'success' });
    t.same((await s.messages('file_path:*a.log*')).sort(), ['four', 'one', 'three', 'two']);
  });

  t.test(
    'what a broken transfer has put behind a file that is another one by now is not taken in',
    async (t) => {
      const s = await Syncing.start(t, true);
      s.write('a.log', 'old\n'.repeat(1000), 30);
      await s.post('/sync/trigger');
      const lines = Array.from(
        { length: 40_000 },
        (_, index) => `new ${index} ${randomBytes(40).toString('hex')}\n`,
      );
      s.write('a.log', lines.join(''), 5);
      breakOff(s, 1_000_000);
      t.match(await s.post('/sync/trigger'), { status: 'error' });
      rmSync(`${s.ssh!.bin}/rsync`);
      t.match(await s.post('/sync/trigger'), { status: 'success' });
      t.equal(await s.count('file_path:*a.log old'), 1000);
      t.equal(await s.count('file_path:*a.log new'), 40_000);
    },
  );

  t.test('a sync that takes too long is ended, and shows meanwhile how far it is', async (t) => {
    const s = await Syncing.start(t, true, { SYNC_TIMEOUT: '8' });
    s.write('a.log', 'one\n');
    s.ssh!.install('rsync', '#!/bin/sh\nexec sleep 100\n');
    const slow = s.post('/sync/trigger');
    const source = await until(async () => {
      const [first] = (await s.json('/sync/status')).sources;
      return first.state === 'syncing' && first;
    }, 'the sync');
    t.match(source.progress, { phase: 'listing', files: 0, files_total: 0, bytes: 0, bytes_per_second: 0 });
    t.equal(source.next_sync, null);
    t.match(await slow, { status: 'error', message: /the time limit is over/ });
    rmSync(`${s.ssh!.bin}/rsync`);
    t.match(await s.post('/sync/trigger'), { status: 'success', new_files: 1 });
  });

  t.test('syncs that are asked for at once never run side by side', async (t) => {
    const s = await Syncing.start(t, true);
    s.write('a.log', 'one\n');
    const lock = `${s.folder}/lock`;
    s.ssh!.install(
      'rsync',
      `#!/bin/sh\nmkdir '${lock}' || echo twice >> '${lock}.twice'\n/usr/bin/rsync "$@"; code=$?\nrmdir '${lock}'; exit $code\n`,
    );
    const answers = await Promise.all(Array.from({ length: 5 }, () => s.post('/sync/trigger')));
    t.ok(answers.every(({ status }) => status === 'success'));
    t.notOk(existsSync(`${lock}.twice`));
    t.same(await s.messages('file_path:*'), ['one']);
  });

  t.test('a stop of the server in between loses and repeats nothing', async (t) => {
    const s = await Syncing.start(t, false);
    s.write('a.log', 'one\ntwo\n');
    await s.post('/sync/trigger');
    await s.stopServer();
    appendFileSync(s.remote('a.log'), 'three\n');
    await s.startServer();
    t.equal((await s.json('/logs')).length, 1, 'listed before the next sync');
    await s.post('/sync/trigger');
    t.same(await s.messages('file_path:*'), ['one', 'two', 'three']);
  });

  t.test(
    'what a transfer brought is taken in, also where the server was killed before it knew',
    async (t) => {
      const s = await Syncing.start(t, false);
      s.write('removed.log', 'zero\n', 40);
      s.write('grown.log', 'one\n', 30);
      await s.post('/sync/trigger');
      await s.stopServer();
      s.write('grown.log', 'one\ntwo\n');
      s.write('new.log', 'three\n');
      for (const name of ['grown.log', 'new.log'])
        cpSync(s.remote(name), s.local(`synced/local/${name}`), { preserveTimestamps: true });
      rmSync(s.local('synced/local/removed.log'));
      await s.startServer();
      t.match(await s.post('/sync/trigger'), { status: 'success', new_files: 1 });
      t.same((await s.messages('file_path:*')).sort(), ['one', 'three', 'two', 'zero']);
      t.equal((await s.json('/logs')).length, 3);
      t.ok(existsSync(s.local('synced/local/removed.log')), 'a copy that somebody removed is brought back');
    },
  );

  t.test(
    'a full disk is reported, and the next sync completes',
    { skip: !canMount() && 'may not mount' },
    async (t) => {
      const s = await Syncing.start(t, true);
      await s.stopServer();
      const disk = s.local('');
      const mount = new Mount(disk, 40);
      try {
        await s.startServer();
        s.write('first.log', 'first\n');
        await s.post('/sync/trigger');
        s.write('big.log', `${'x'.repeat(999)}\n`.repeat(45_000));
        t.match(await s.post('/sync/trigger'), { status: 'error', message: /the disk is full/ });
        const address = '/logs/content?path=categorized/uncategorized/first.log';
        t.equal(await (await s.fetch(address)).text(), 'first\n');
        mount.remount('size=500m');
        t.match(await s.post('/sync/trigger'), { status: 'success' });
        t.equal(await s.count('file_path:*big.log'), 45_000);
        t.same(await s.messages('file_path:*first.log'), ['first']);
      } finally {
        await s.stopServer();
        mount.end();
      }
    },
  );
}
