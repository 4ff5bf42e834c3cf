import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { CollectedBatch } from '../../../../../pipeline/ingest/sources/files/collected-batch.ts';
import { loadState } from '../../../../../pipeline/runtime/state-file.ts';
import { Collecting } from './collecting.ts';

const busy = Object.assign(new Error('busy'), { retryAfterSeconds: 3 });

t.test('a batch whose answer never came is repeated with the same id and content', async (t) => {
  const c = new Collecting(t, ['*.log'], {
    'a.log': 'one\nTraceback (most recent call last):\n  File "x"\n',
  });
  const tried: CollectedBatch[] = [];
  c.beforeStored = (batch) => {
    tried.push(batch);
    throw busy;
  };
  await c.finish();
  appendFileSync(c.path('a.log'), 'ValueError: more\ntwo\n');
  c.crash();
  c.beforeStored = () => {};
  c.now += 500;
  await c.finish();
  t.equal(tried.length, 1);
  t.same(c.batches[0], tried[0]);
  t.equal(c.texts()[0], 'one');
  t.equal(c.texts().join('\n'), readFileSync(c.path('a.log'), 'utf8').trimEnd());
});

t.test('a batch that was stored just before a crash is repeated with the same id and content', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\ntwo\n' });
  const kept: string[] = [];
  c.beforeStored = () => {
    kept.push(readFileSync(join(c.folder, 'state/offsets.json'), 'utf8'));
  };
  await c.finish();
  writeFileSync(join(c.folder, 'state/offsets.json'), kept[0]!);
  c.crash();
  await c.finish();
  const [first] = c.batches;
  t.same(
    c.batches.filter(({ id }) => id === first!.id),
    [first, first],
  );
  t.same(c.texts(), ['one', 'two']);
});

t.test('crashes at every delivery lose nothing and repeat only whole batches', async (t) => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
  const c = new Collecting(t, ['*.log'], { 'a.log': `${lines.join('\n')}\n`, 'b.log': 'b\n' });
  let deliveries = 0;
  c.beforeStored = () => {
    if (++deliveries % 2 === 0) throw busy;
  };
  for (let run = 0; run < 12; run++) {
    await c.finish();
    c.crash();
  }
  t.same(c.texts('a.log'), lines);
  t.same(c.texts('b.log'), ['b']);
});

t.test('a refused batch is tried again when the store asked for it, then ever later, for ever', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\ntwo\n' });
  let tries = 0;
  c.beforeStored = () => {
    tries++;
    throw busy;
  };
  await c.collector.scan();
  await c.wait(2_999);
  t.equal(tries, 1);
  await c.wait(1);
  t.equal(tries, 2);
  for (let minute = 0; minute < 60; minute++) await c.wait(60_000);
  t.equal(tries, 62);
  t.equal(c.problems.length, 1, 'reported once');
  t.match(c.problems[0]!, /a\.log: not stored yet, .*: busy/);
  t.match(c.collector.stats(), { retries: 62, lines: 0 });
  c.beforeStored = () => {};
  await c.wait(60_000);
  await c.finish();
  t.same(c.texts(), ['one', 'two']);
});

t.test('no more batches are in doubt than a sender may repeat after a crash', async (t) => {
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${index}.log`, 'one\ntwo\n']));
  const c = new Collecting(t, ['*.log'], files);
  c.beforeStored = () => {
    throw busy;
  };
  await c.finish();
  await c.wait(5_000);
  const positions = JSON.parse((await loadState(join(c.folder, 'state/offsets.json')))!);
  t.equal(positions.filter((position: { pending?: unknown }) => position.pending).length, 64);
  c.beforeStored = () => {};
  await c.wait(30_000);
  await c.finish();
  t.equal(c.texts().length, 400);
});

t.test('goes on after a stop where it was', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
  await c.finish();
  await c.collector.stop();
  appendFileSync(c.path('a.log'), 'two\n');
  c.crash();
  await c.finish();
  t.same(c.texts(), ['one', 'two']);
  t.equal(c.batches.length, 2);
});

t.test('finds a file that was renamed while nobody watched, and reads it to its end', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
  await c.finish();
  await c.collector.stop();
  appendFileSync(c.path('a.log'), 'two\n');
  renameSync(c.path('a.log'), c.path('older'));
  writeFileSync(c.path('a.log'), 'three\n');
  c.crash();
  await c.finish();
  t.same(c.texts().sort(), ['one', 'three', 'two']);
});

t.test(
  'finds the copy of a file that was truncated while nobody watched, with a batch in doubt',
  async (t) => {
    const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
    const tried: CollectedBatch[] = [];
    c.beforeStored = (batch) => {
      tried.push(batch);
      throw busy;
    };
    await c.finish();
    appendFileSync(c.path('a.log'), 'two\n');
    copyFileSync(c.path('a.log'), c.path('a.log.1'));
    truncateSync(c.path('a.log'));
    appendFileSync(c.path('a.log'), 'three\n');
    c.crash();
    c.beforeStored = () => {};
    await c.finish();
    t.same(c.texts().sort(), ['one', 'three', 'two']);
    t.ok(c.batches.some(({ id }) => id === tried[0]!.id));
  },
);

t.test('an inode that another file got meanwhile is noticed', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'first file\n' });
  await c.finish();
  await c.collector.stop();
  // Writing in place is what a reused inode looks like: same number, other first bytes.
  writeFileSync(c.path('a.log'), 'second file, and longer\n');
  renameSync(c.path('a.log'), c.path('b.log'));
  c.crash();
  await c.finish();
  t.same(c.texts('b.log'), ['second file, and longer']);
  t.equal(c.collector.stats().truncations, 0);
});

t.test('a state that cannot be read is reported, and files are read again', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
  writeFileSync(join(c.folder, 'state/offsets.json'), '{"half');
  await c.finish();
  t.same(c.texts(), ['one']);
  t.match(c.problems, [/offsets\.json: .*; kept as .*; files are read again from their start/]);
  t.equal(readFileSync(join(c.folder, 'state/offsets.json.damaged'), 'utf8'), '{"half');
});

t.test('nothing is delivered whose position cannot be saved', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
  rmSync(join(c.folder, 'state'), { recursive: true });
  writeFileSync(join(c.folder, 'state'), 'in the way');
  await t.rejects(c.finish());
  rmSync(join(c.folder, 'state'));
  t.same(c.texts(), []);
  await c.finish();
  t.same(c.texts(), ['one']);
});
