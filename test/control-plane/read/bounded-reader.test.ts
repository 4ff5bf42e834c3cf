import t from 'tap';
import { BoundedReader, pagesOfRecords } from '../../../control-plane/read/bounded-reader.ts';
import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { ClickHouseError } from '../../../pipeline/store/clickhouse.ts';
import { LogStore } from '../../../pipeline/store/log-store.ts';
import { insertRecords, openStore, record } from '../features/logs/analysed-store.ts';

const FIRST = 1_793_491_200_000_000;
const ALL = { where: '1', parameters: {} };
const clickhouse = await openStore(t);
const store = new LogStore(clickhouse);
const LAST = FIRST + 1_000;
await insertRecords(
  clickhouse,
  Array.from({ length: 1_000 }, (_, index) => {
    // Every hundredth is as large as all others together.
    const message = index % 100 === 42 ? 'large '.repeat(200_000) : `n${index}`;
    return record({ seq: FIRST + index + 1, message });
  }),
);

/** Reads all of it, and gives the numbers of the records that came and of those that were passed over. */
async function readAll<T>(
  next: (after: number, upTo: number) => Promise<{ value: T | undefined; upTo: number }>,
  numbersOf: (value: T) => number[],
) {
  const came: number[] = [];
  let steps = 0;
  for (let at = FIRST; at < LAST; steps++) {
    const part = await next(at, LAST);
    if (part.upTo <= at) throw new Error('no step forward');
    at = part.upTo;
    if (part.value !== undefined) came.push(...numbersOf(part.value));
  }
  return { came, steps };
}

const numbers = Array.from({ length: 1_000 }, (_, index) => index + 1);
const numbersOf = (records: readonly StoredRecord[]) => records.map(({ seq }) => seq - FIRST);

t.test('no page holds more bytes than it may, and every record comes once', async (t) => {
  const sizes: number[] = [];
  const reader = pagesOfRecords({
    store,
    filter: ALL,
    map: (records) => {
      sizes.push(records.reduce((sum, { message }) => sum + message.length, 0));
      return numbersOf(records);
    },
    onPassedOver: (seq) => t.fail(`passed over ${seq}`),
    maxBytes: 3_000_000,
  });
  const { came } = await readAll(
    (after, upTo) => reader.next(after, upTo),
    (value) => value,
  );
  t.same(came, numbers);
  t.ok(Math.max(...sizes) <= 3_000_000, `the largest page had ${Math.max(...sizes)}`);
});

t.test('what nobody can read is passed over and reported, and costs no other record', async (t) => {
  const passed: number[] = [];
  const errors = new Set<string>();
  const reader = pagesOfRecords({
    store,
    filter: ALL,
    map: (records) => {
      if (records.some(({ seq }) => [1, 500, 501, 1_000].includes(seq - FIRST)))
        throw new RangeError('too deep');
      return numbersOf(records);
    },
    onPassedOver: (seq, error) => {
      passed.push(seq - FIRST);
      errors.add(error.message);
    },
  });
  const { came, steps } = await readAll(
    (after, upTo) => reader.next(after, upTo),
    (value) => value,
  );
  t.same(passed, [1, 500, 501, 1_000]);
  t.same([...errors], ['too deep']);
  t.same(
    came,
    numbers.filter((number) => !passed.includes(number)),
  );
  t.ok(steps < 100, `${steps} parts: they grow again behind a bad record`);
});

t.test('a record that the engine fails with is known by a condition too', async (t) => {
  const passed: number[] = [];
  const reader = pagesOfRecords({
    store,
    // Fails in the engine for one of them.
    filter: { where: `throwIf(message = 'n7', 'this one') = 0`, parameters: {} },
    map: numbersOf,
    onPassedOver: (seq) => passed.push(seq - FIRST),
  });
  const came: number[] = [];
  let failures = 0;
  for (let at = FIRST; at < LAST; ) {
    try {
      const part = await reader.next(at, LAST);
      came.push(...(part.value ?? []));
      at = part.upTo;
    } catch {
      failures++;
    }
  }
  t.equal(failures, 2, 'the engine may have been busy, so it is tried a few times');
  t.same(passed, [8]);
  t.same(
    came,
    numbers.filter((number) => number !== 8),
  );
});

t.test('where the store does not answer nothing is passed over', async (t) => {
  let away = true;
  const reader = new BoundedReader({
    store,
    read: async (_after, upTo) => {
      if (away) throw new ClickHouseError('connection refused', undefined, undefined, true);
      return { value: upTo, upTo, bytes: 0 };
    },
    onPassedOver: () => t.fail('passed over'),
  });
  for (let attempt = 0; attempt < 5; attempt++) await t.rejects(reader.next(FIRST, LAST), /refused/);
  away = false;
  t.equal((await reader.next(FIRST, LAST)).upTo, LAST);
});

t.test('a range without records that cannot be read ends', async (t) => {
  const reader = new BoundedReader({
    store,
    read: async () => {
      throw new RangeError('always');
    },
    onPassedOver: () => t.fail('passed over'),
  });
  t.strictSame(await reader.next(LAST, LAST + 50), { value: undefined, upTo: LAST + 50, bytes: 0 });
});
