import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { RotatingFile } from '../../logger/rotating-file.ts';

const read = (dir: string, name: string) => readFileSync(join(dir, name), 'utf8');

t.test('lines are rotated whole, and none is lost or repeated', async (t) => {
  const dir = t.testdir();
  const file = new RotatingFile({ path: join(dir, 'logs/api.log'), maxBytes: 1000, backups: 200 });
  const lines = Array.from({ length: 1000 }, (_, number) =>
    JSON.stringify({ number, text: 'é'.repeat(number % 97) }),
  );
  for (const [index, line] of lines.entries()) {
    file.write(line);
    if (index % 333 === 0) await file.flush();
  }
  await file.close();
  const logs = join(dir, 'logs');
  const number = (name: string) => Number(name.split('.')[2] ?? 0);
  const names = readdirSync(logs).sort((a, b) => number(b) - number(a));
  t.ok(names.length > 80, `${names.length} files`);
  t.same(names.map((name) => read(logs, name)).join(''), `${lines.join('\n')}\n`);
  t.ok(names.every((name) => statSync(join(logs, name)).size <= 1000));
  t.equal(file.dropped, 0);
});

t.test('only so many files are kept', async (t) => {
  for (const [backups, expected] of [
    [2, ['api.log', 'api.log.1', 'api.log.2']],
    [0, ['api.log']],
  ] as const) {
    const dir = t.testdir();
    const file = new RotatingFile({ path: join(dir, 'api.log'), maxBytes: 10, backups });
    for (const line of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc', 'dddddddd', 'a line longer than a file may be'])
      file.write(line);
    await file.close();
    t.same(readdirSync(dir).sort(), expected);
    t.equal(read(dir, 'api.log'), 'a line longer than a file may be\n');
    if (backups === 2) t.equal(read(dir, 'api.log.2'), 'cccccccc\n');
  }
});

t.test('it goes on behind what is there, also behind half a line', async (t) => {
  const dir = t.testdir({ 'api.log': 'one\nhal' });
  const file = new RotatingFile({ path: join(dir, 'api.log'), maxBytes: 1000, backups: 1 });
  file.write('two');
  await file.close();
  t.equal(read(dir, 'api.log'), 'one\nhal\ntwo\n');
});

t.test(
  'a disk that cannot be written loses counted lines, is reported once, and is used again',
  async (t) => {
    const dir = t.testdir({ logs: 'a file where the folder should be' });
    const problems: string[] = [];
    const file = new RotatingFile({
      path: join(dir, 'logs/api.log'),
      maxBytes: 1000,
      backups: 1,
      onProblem: (message) => problems.push(message),
    });
    for (const line of ['one', 'two']) {
      file.write(line);
      await file.flush();
    }
    t.equal(file.dropped, 2);
    rmSync(join(dir, 'logs'));
    file.write('three');
    await file.close();
    t.equal(read(dir, 'logs/api.log'), 'three\n');
    t.match(problems, [/cannot write .* its lines are dropped/, /written again; lines dropped so far: 2/]);
  },
);

t.test(
  'a full disk is no exception and tears no line',
  { skip: statSync('/dev/full', { throwIfNoEntry: false }) ? false : 'no /dev/full' },
  async (t) => {
    const problems: string[] = [];
    const file = new RotatingFile({
      path: '/dev/full',
      maxBytes: 1000,
      backups: 0,
      onProblem: (m) => problems.push(m),
    });
    file.write('x');
    await file.flush();
    t.equal(file.dropped, 1);
    t.match(problems, [/ENOSPC/]);
    await file.close();
  },
);

t.test('what waits is bounded', async (t) => {
  const dir = t.testdir();
  const file = new RotatingFile({ path: join(dir, 'api.log'), maxBytes: 1e6, backups: 1, maxWaiting: 10 });
  for (const line of ['12345', '67890', 'dropped']) file.write(line);
  t.equal(file.dropped, 1);
  await file.close();
  t.equal(read(dir, 'api.log'), '12345\n67890\n');
});
