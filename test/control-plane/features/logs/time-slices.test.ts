import t from 'tap';
import { timeSlices } from '../../../../control-plane/features/logs/time-slices.ts';
import { LogStore } from '../../../../pipeline/store/log-store.ts';
import { insertRecords, openStore, record } from './analysed-store.ts';

const FIRST = 1_793_491_200_000_000;
const START = 1_793_491_200;
const SECOND = 1_000_000_000n;
const open = { from: undefined, to: undefined };

const clickhouse = await openStore(t);
const records = new LogStore(clickhouse);
/** One a minute, many in one minute, and times that 32 bits do not hold. */
const seconds = [
  -315_000_000,
  ...Array.from({ length: 600 }, (_, index) => START + index * 60),
  ...Array.from({ length: 200 }, (_, index) => START + 3_000 + (index % 60)),
  7_258_118_400,
];
await insertRecords(
  clickhouse,
  seconds.map((time, index) =>
    record({ seq: FIRST + index, timestamp: { seconds: time, nanos: 0, digits: 0 } }),
  ),
);
const { signal } = new AbortController();

/** Of each slice: how many records, and the times of its first and its last. */
async function look(range: Parameters<typeof timeSlices>[1], sliceRows?: number) {
  const found: [count: number, first: number, last: number][] = [];
  for (const { where, parameters } of await timeSlices(records, range, signal, sliceRows)) {
    const rows = await clickhouse.query<[number, number, number]>(
      `SELECT count(), toInt64(toUnixTimestamp64Second(min(timestamp))), toInt64(toUnixTimestamp64Second(max(timestamp)))
       FROM logs WHERE ${where}`,
      { parameters },
    );
    found.push(...rows);
  }
  return found;
}

t.test('every record is in one slice, and slices follow each other', async (t) => {
  const slices = await look(open, 50);
  t.equal(
    slices.reduce((sum, [count]) => sum + count, 0),
    seconds.length,
  );
  t.ok(slices.length >= 10, `${slices.length} slices`);
  const filled = slices.filter(([count]) => count > 0);
  for (const [index, [count, first]] of filled.entries()) {
    t.ok(count <= 300, 'a slice ends with a minute');
    if (index > 0) t.ok(first > filled[index - 1]![2], 'behind the one before');
  }
});

t.test('few records are one slice', async (t) => {
  t.equal((await look(open)).length, 1);
});

t.test('a range has the slices that it touches', async (t) => {
  const all = await timeSlices(records, open, signal, 50);
  const some = await timeSlices(
    records,
    { from: BigInt(START + 6_000) * SECOND, to: BigInt(START + 12_000) * SECOND },
    signal,
    50,
  );
  t.ok(some.length > 1 && some.length < all.length, `${some.length} of ${all.length}`);
  t.equal((await timeSlices(records, { from: 1n, to: 2n }, signal, 50)).length, 1);
});

t.test('there are only so many of them', async (t) => {
  const { length } = await timeSlices(records, open, signal, 1);
  t.ok(length > 100 && length <= 201, `${length} of 600 minutes`);
});
