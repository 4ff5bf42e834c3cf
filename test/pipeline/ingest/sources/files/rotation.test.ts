import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { Collecting } from './collecting.ts';

t.test('a renamed file is read to its end and the new one from its head', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
  await c.finish();
  appendFileSync(c.path('a.log'), 'two\n');
  renameSync(c.path('a.log'), c.path('a.log.1'));
  writeFileSync(c.path('a.log'), 'three\n');
  appendFileSync(c.path('a.log.1'), 'still two\n');
  await c.finish();
  t.same(c.texts().sort(), ['one', 'still two', 'three', 'two']);
  t.same(new Set(c.batches.map(({ filePath }) => filePath)), new Set([c.path('a.log')]));
});

t.test(
  'a writer that goes on with a renamed file is followed, and its partial last line is delivered',
  async (t) => {
    const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
    await c.finish();
    renameSync(c.path('a.log'), c.path('a.old'));
    await c.wait(30_000);
    appendFileSync(c.path('a.old'), 'late\nhalf');
    await c.finish();
    t.same(c.texts(), ['one', 'late']);
    await c.wait(5_000);
    t.same(c.texts(), ['one', 'late', 'half']);
  },
);

t.test('a renamed file whose new name is collected too is not read again', async (t) => {
  const c = new Collecting(t, ['a.log*'], { 'a.log': 'one\n' });
  await c.finish();
  renameSync(c.path('a.log'), c.path('a.log.1'));
  writeFileSync(c.path('a.log'), 'two\n');
  await c.finish();
  await c.wait(120_000);
  t.same(c.texts(), ['one', 'two']);
  t.equal(c.collector.stats().files, 2);
});

t.test('deleting and creating between two scans loses nothing', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
  for (let round = 0; round < 5; round++) {
    await c.finish();
    appendFileSync(c.path('a.log'), `more ${round}\n`);
    rmSync(c.path('a.log'));
    writeFileSync(c.path('a.log'), `again ${round}\n`);
  }
  await c.finish();
  t.same(c.texts().sort(), ['one', ...[0, 1, 2, 3, 4].flatMap((n) => [`again ${n}`, `more ${n}`])].sort());
});

t.test('copytruncate: what was written after the last read is taken from the copy', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
  await c.finish();
  appendFileSync(c.path('a.log'), 'two\n');
  copyFileSync(c.path('a.log'), c.path('a.log.1'));
  truncateSync(c.path('a.log'));
  appendFileSync(c.path('a.log'), 'three\n');
  await c.finish();
  t.same(c.texts().sort(), ['one', 'three', 'two']);
  t.match(c.collector.stats(), { truncations: 1, lostBytes: 0 });
  t.same(c.problems, []);
});

t.test('copytruncate into a name that is collected too delivers the copied lines once', async (t) => {
  const c = new Collecting(t, ['a.log*'], { 'a.log': 'one\n' });
  await c.finish();
  appendFileSync(c.path('a.log'), 'two\n');
  copyFileSync(c.path('a.log'), c.path('a.log.1'));
  truncateSync(c.path('a.log'));
  await c.finish();
  t.same(c.texts(), ['one', 'two']);
});

t.test('an earlier copy with the same first lines is not taken for the new one', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'banner\nold\nolder\n' });
  renameSync(c.path('a.log'), c.path('a.log.1'));
  await c.collector.scan();
  utimesSync(c.path('a.log.1'), 1_000, 1_000);
  writeFileSync(c.path('a.log'), 'banner\n');
  await c.finish();
  truncateSync(c.path('a.log'));
  await c.finish();
  t.same(c.texts(), ['banner']);
});

t.test('a truncated file is read from its head, also when it is longer again by the next look', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\ntwo\n' });
  await c.finish();
  writeFileSync(c.path('a.log'), 'three\n');
  await c.finish();
  writeFileSync(c.path('a.log'), 'four\nfive\nsix\n');
  await c.finish();
  t.same(c.texts(), ['one', 'two', 'three', 'four', 'five', 'six']);
  t.equal(c.collector.stats().truncations, 2);
});

t.test('the same lines after a truncation are new lines', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'started\n' });
  await c.finish();
  truncateSync(c.path('a.log'));
  await c.collector.scan();
  appendFileSync(c.path('a.log'), 'started\n');
  await c.finish();
  t.same(c.texts(), ['started', 'started']);
});

t.test('bytes that were truncated away unread are counted and reported', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\nhalf' });
  await c.finish();
  writeFileSync(c.path('a.log'), 'new\n');
  await c.finish();
  t.same(c.texts(), ['one', 'new']);
  t.equal(c.collector.stats().lostBytes, 4);
  t.match(c.problems, [/a\.log: truncated with 4 bytes not read yet/]);
});

t.test('a file that is replaced in place by a longer content has lost nothing', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
  await c.finish();
  writeFileSync(c.path('a.log'), 'another\nand longer\n');
  await c.finish();
  t.same(c.texts(), ['one', 'another', 'and longer']);
  t.match(c.collector.stats(), { truncations: 1, lostBytes: 0 });
  t.same(c.problems, []);
});

const anyName = process.platform === 'linux' ? false : 'the file system takes UTF-8 alone';
t.test('a file whose name is not UTF-8 is named, and costs no other', { skip: anyName }, async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
  writeFileSync(Buffer.concat([Buffer.from(c.path('b')), Buffer.from([0xff]), Buffer.from('.log')]), 'two\n');
  await c.finish();
  await c.collector.scan();
  t.same(c.texts(), ['one']);
  t.match(c.problems, [/b\ufffd\.log: its name is not UTF-8/]);
  t.equal(c.problems.length, 1);
});

t.test('a folder that is not there for a while is not read again', async (t) => {
  const c = new Collecting(t, ['volume/*.log']);
  mkdirSync(c.path('volume'));
  writeFileSync(c.path('volume/a.log'), 'one\n');
  await c.finish();
  renameSync(c.path('volume'), c.path('unmounted'));
  await c.collector.scan();
  await c.wait(120_000);
  t.equal(c.collector.stats().files, 0);
  renameSync(c.path('unmounted'), c.path('volume'));
  appendFileSync(c.path('volume/a.log'), 'two\n');
  await c.finish();
  t.same(c.texts(), ['one', 'two']);
});

t.test('a copy that is collected too is not read again where it is found before the cut', async (t) => {
  for (const name of ['a.log.1', 'a.log-20261129', 'a-20261129.log', 'a__2026-11-29_00-00-00.log']) {
    const c = new Collecting(t, ['a*'], { 'a.log': 'one\n' });
    await c.finish();
    appendFileSync(c.path('a.log'), 'two\n');
    copyFileSync(c.path('a.log'), c.path(name));
    await c.collector.scan();
    appendFileSync(c.path('a.log'), 'three\n');
    appendFileSync(c.path(name), 'three\n');
    await c.collector.scan();
    truncateSync(c.path('a.log'));
    appendFileSync(c.path('a.log'), 'four\n');
    await c.finish();
    await c.wait(120_000);
    t.same(c.texts().sort(), ['four', 'one', 'three', 'two'], name);
  }
});

t.test('what repeats another file and is no copy of a rotation is read a moment later', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
  await c.finish();
  writeFileSync(c.path('a-2.log'), 'one\n');
  writeFileSync(c.path('a-3.log'), 'one\ntwo\n');
  writeFileSync(c.path('ab.log'), 'one\n');
  await c.finish();
  t.same(c.texts('a-2.log'), []);
  t.same(c.texts('a-3.log'), ['one', 'two'], 'it goes on otherwise');
  t.same(c.texts('ab.log'), ['one'], 'it has no name of a rotation');
  await c.wait(5_000);
  t.same(c.texts('a-2.log'), ['one']);
});
