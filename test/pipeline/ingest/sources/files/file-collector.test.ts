import { appendFileSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { Collecting } from './collecting.ts';

t.test('reads a file from its head and goes on where it grows', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\ntwo\n' });
  await c.finish();
  t.same(c.texts(), ['one', 'two']);
  appendFileSync(c.path('a.log'), 'three\n');
  await c.finish();
  t.same(c.texts(), ['one', 'two', 'three']);
  t.same(c.batches[0]!.lines[0]!.readAt, { seconds: 1000, nanos: 0, digits: 3 });
  t.match(c.collector.stats(), { files: 1, lines: 3, bytes: 14, retries: 0 });
});

t.test('finds files that appear later, below a new folder too', async (t) => {
  const c = new Collecting(t, ['**/*.log']);
  await c.collector.scan();
  mkdirSync(c.path('job'));
  writeFileSync(c.path('job/b.log'), 'late\n');
  await c.finish();
  t.same(c.texts('job/b.log'), ['late']);
});

t.test('holds a line back until it is complete', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\nhalf' });
  await c.finish();
  t.same(c.texts(), ['one']);
  appendFileSync(c.path('a.log'), ' whole\n');
  await c.finish();
  t.same(c.texts(), ['one', 'half whole']);
});

t.test('delivers a last line without newline once its file has stopped', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\nslurmstepd: error: cancelled' });
  await c.finish();
  await c.wait(58_000);
  t.same(c.texts(), ['one']);
  await c.wait(2_000);
  t.same(c.texts(), ['one', 'slurmstepd: error: cancelled']);
});

t.test('delivers a last line without newline soon after its file was deleted', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\ntwo' });
  await c.finish();
  rmSync(c.path('a.log'));
  await c.wait(5_000);
  t.same(c.texts(), ['one', 'two']);
  await c.wait(60_000);
  t.equal(c.collector.stats().files, 0);
});

t.test('reads the lines of a file that was deleted before they were read', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
  await c.finish();
  appendFileSync(c.path('a.log'), 'two\n');
  rmSync(c.path('a.log'));
  await c.finish();
  t.same(c.texts(), ['one', 'two']);
});

t.test('joins a stack trace, also when it is written in two steps', async (t) => {
  const head = 'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n';
  const c = new Collecting(t, ['*.log'], { 'a.log': `2026-11-21 10:00:00 INFO started\n${head}` });
  await c.collector.scan();
  await c.wait(500);
  appendFileSync(c.path('a.log'), '    step()\nValueError: no\n2026-11-21 10:00:01 INFO next\n');
  await c.finish();
  t.same(c.texts(), [
    '2026-11-21 10:00:00 INFO started',
    `${head}    step()\nValueError: no`,
    '2026-11-21 10:00:01 INFO next',
  ]);
});

t.test('an event that never ends does not hold back the lines after it', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'Traceback (most recent call last):\n' });
  for (let step = 0; step < 12; step++) {
    await c.wait(500);
    appendFileSync(c.path('a.log'), `  File "x.py", line ${step}\n`);
  }
  t.ok(c.batches.length > 0);
});

t.test('reads what is there, whatever the bytes are', async (t) => {
  const bytes = Buffer.concat([
    Buffer.from('crlf\r\n\r\n   \nok '),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('\nna\0me\nпривет 🚀\n'),
  ]);
  const c = new Collecting(t, ['*.log'], { 'a.log': bytes });
  await c.finish();
  t.same(c.texts(), ['crlf', 'ok ��', 'na\0me', 'привет 🚀']);
});

t.test('skips the hole that a writer without O_APPEND leaves after a truncation', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\n' });
  await c.finish();
  const hole = Buffer.alloc(3_000_000);
  writeFileSync(c.path('a.log'), Buffer.concat([hole, Buffer.from('two\n')]));
  await c.finish();
  t.same(c.texts(), ['one', 'two']);
});

t.test('cuts a line that no batch can hold, between characters, and loses nothing of it', async (t) => {
  const long = `x${'é'.repeat(700_000)}`;
  const c = new Collecting(t, ['*.log'], { 'a.log': `before\n${long}\nafter\n` });
  await c.finish();
  const [before, first, second, after] = c.texts();
  const mark = ' …[cut: the line goes on in the next record]';
  t.same([before, after, c.texts().length], ['before', 'after', 4]);
  t.ok(first!.endsWith(mark));
  t.equal(first!.slice(0, -mark.length) + second, long);
  t.equal(c.collector.stats().cutLines, 1);
});

t.test('keeps the order of a file over many batches, within the bounds of one', async (t) => {
  const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index} ${'.'.repeat(index % 300)}`);
  const c = new Collecting(t, ['*.log'], { 'a.log': `${lines.join('\n')}\n` });
  await c.finish();
  t.same(c.texts(), lines);
  for (const batch of c.batches) t.ok(batch.lines.length <= 5000);
});

t.test('reads many files round by round', async (t) => {
  const content = Array.from({ length: 5_001 }, (_, index) => `line ${index}\n`).join('');
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${index}.log`, content]));
  const c = new Collecting(t, ['*.log'], files);
  await c.collector.scan();
  t.equal(new Set(c.batches.slice(0, 200).map(({ filePath }) => filePath)).size, 200);
  await c.finish();
  t.equal(c.collector.stats().lines, 200 * 5_001);
  t.same(c.texts('77.log'), content.trimEnd().split('\n'));
});

t.test('a folder stands for the logs below it; compressed files and other files are left out', async (t) => {
  const c = new Collecting(t, ['.'], {
    'a.log': '1\n',
    'b.out': '2\n',
    'c.err': '3\n',
    'd.txt': '4\n',
    'a.log.gz': '5\n',
  });
  mkdirSync(c.path('.pm2'));
  writeFileSync(c.path('.pm2/e.jsonl'), '{"a":1}\n');
  await c.finish();
  t.same(c.texts().sort(), ['1', '2', '3', '{"a":1}']);
});

t.test('a path is taken as it is where it exists, else as a glob', async (t) => {
  const c = new Collecting(t, ['run[1].txt', 'run[2].txt', 'x*.gz'], {
    'run[1].txt': 'literal\n',
    'run2.txt': 'glob\n',
    'xa.gz': 'no\n',
  });
  await c.finish();
  t.same(c.texts().sort(), ['glob', 'literal']);
});

t.test('links to one file and links in a circle are read once', async (t) => {
  const c = new Collecting(t, ['.'], { 'a.log': 'one\n' });
  symlinkSync(c.path('a.log'), c.path('b.log'));
  linkSync(c.path('a.log'), c.path('c.log'));
  symlinkSync(c.path('.'), c.path('loop'));
  await c.finish();
  t.same(c.texts(), ['one']);
  t.equal(c.collector.stats().files, 1);
});

t.test('a clock that is set back keeps neither a line nor a repetition waiting', async (t) => {
  const HOUR = 3_600_000;
  const c = new Collecting(t, ['*.log'], { 'a.log': '2026-11-21 10:00:00 INFO may go on\n' });
  c.now = 100 * HOUR;
  await c.collector.scan();
  t.same(c.texts(), []);
  c.now -= HOUR;
  await c.finish();
  t.same(c.texts(), ['2026-11-21 10:00:00 INFO may go on']);
  c.now += HOUR;
  c.beforeStored = () => {
    throw new Error('not now');
  };
  appendFileSync(c.path('a.log'), 'two\n');
  await c.collector.scan();
  c.beforeStored = () => {};
  c.now -= HOUR;
  await c.finish();
  t.equal(c.texts().at(-1), 'two');
});

t.test('starts and stops by itself', async (t) => {
  const c = new Collecting(t, ['*.log'], { 'a.log': 'one\ntwo\nthree\n' });
  const stored = new Promise((resolve) => {
    c.beforeStored = resolve;
  });
  c.collector.start();
  await stored;
  await c.collector.stop();
  t.equal(c.texts()[0], 'one');
});
