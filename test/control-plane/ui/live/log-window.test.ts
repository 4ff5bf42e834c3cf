import t from 'tap';
import { LogWindow, MAX_LINES, MAX_SIZE } from '../../../../control-plane/ui/live/log-window.ts';

const START = Date.UTC(2026, 0, 1);
/** A record whose id and time are both told by a number. */
const record = (number: number, fields: { timestamp?: string; message?: string } = {}) => ({
  // Later than every time here, as the arrival of a clock that is right.
  id: String(Date.UTC(2026, 5, 1) * 1000 + number),
  timestamp: new Date(START + number).toISOString(),
  level: 'INFO',
  message: `line ${number}`,
  ...fields,
});
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => record(from + index));
const messages = ({ rows }: LogWindow) =>
  rows.map((row) => (row.kind === 'line' ? row.record.message : `gap ${row.count}`));

t.test('lines find their place by time, wherever they come from, and each stands once', async (t) => {
  const window = new LogWindow();
  t.equal(window.add(records(10, 15)), 5, 'the newest page');
  t.equal(window.add(records(13, 18)), 3, 'live lines, two of them known');
  t.equal(window.add(records(5, 11).reverse()), 5, 'a page of history, newest first, one of it known');
  t.equal(window.add([record(12, { timestamp: new Date(START + 16).toISOString(), message: 'late' })]), 1);
  t.same(messages(window), [
    ...[5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((number) => `line ${number}`),
    'late',
    'line 16',
    'line 17',
  ]);
});

t.test('times of different precision are compared as times', async (t) => {
  const window = new LogWindow();
  const times = ['00.5Z', '00Z', '00.123456789Z', '00.1Z', '00.12Z', '00.100Z', '00.099Z'];
  window.add(
    times.map((time, number) => record(number, { timestamp: `2026-01-01T00:00:${time}`, message: time })),
  );
  t.same(messages(window), ['00Z', '00.099Z', '00.1Z', '00.100Z', '00.12Z', '00.123456789Z', '00.5Z']);
});

t.test('a late line of the part that is not loaded is left to that part', async (t) => {
  const window = new LogWindow();
  window.add(records(10, 12));
  t.equal(window.add([record(3)], true), 0);
  t.equal(window.late, 1);
  t.same(messages(window), ['line 10', 'line 11']);
});

t.test('gaps stay where they were, and those side by side become one', async (t) => {
  const window = new LogWindow();
  window.add(records(0, 2));
  window.addGap(5);
  window.addGap(7);
  window.add(records(20, 22));
  window.add([record(1, { message: 'known' })]);
  t.same(messages(window), ['line 0', 'line 1', 'gap 12', 'line 20', 'line 21']);
});

t.test('rows are found again, and not when they are gone', async (t) => {
  const window = new LogWindow();
  window.add(records(0, 100));
  const row = window.rows[40]!;
  t.equal(window.indexOf(row), 40);
  window.add(records(-10, 0));
  t.equal(window.indexOf(row), 50);
  window.clear();
  t.equal(window.indexOf(row), -1);
  t.equal(window.find('1000040'), undefined);
});

t.test('lines and characters are bounded; the oldest go and are counted', async (t) => {
  const window = new LogWindow();
  window.add(records(0, MAX_LINES + 5));
  t.ok(window.isFull);
  t.equal(window.dropOldest(), 5);
  t.equal(window.rows.length, MAX_LINES);
  t.equal(window.firstLine!.record.message, 'line 5');
  t.equal(window.dropped, 5);

  const large = new LogWindow();
  const message = 'x'.repeat(1_000_000);
  large.add(Array.from({ length: 100 }, (_, number) => record(number, { message })));
  large.dropOldest();
  t.ok(large.rows.length * message.length <= MAX_SIZE);
  t.ok(large.rows.length > 60);
});
