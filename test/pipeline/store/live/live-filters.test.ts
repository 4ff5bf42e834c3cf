import t from 'tap';
import { LiveReader } from '../../../../control-plane/read/live-reader.ts';
import type { StoredRecord } from '../../../../pipeline/record/log-record.ts';
import { LiveBus } from '../../../../pipeline/store/live/live-bus.ts';
import type { LiveFilter } from '../../../../pipeline/store/live/live-filters.ts';
import { plainRecord } from '../../../plain-record.ts';

let seq = 0;
const records = (count: number, fields: Partial<StoredRecord> = {}): StoredRecord[] =>
  Array.from({ length: count }, () => ({ ...plainRecord({}), ...fields, seq: ++seq }));

const publish = (bus: LiveBus, made: readonly StoredRecord[]) => bus.publish(made.at(-1)!.seq, made);

/** A filter that counts how often it looks at a record. */
function filter(key: string, matches: (record: StoredRecord) => boolean = () => true) {
  const counted = {
    key,
    looks: 0,
    matches: (record: StoredRecord) => {
      counted.looks++;
      return matches(record);
    },
  };
  return counted satisfies LiveFilter;
}

function join(bus: LiveBus, chosen: LiveFilter): LiveReader {
  const reader = new LiveReader(bus, chosen);
  reader.join(bus.watermark);
  return reader;
}

const taken = (reader: LiveReader, max = 1_000) => reader.take(max, 1e9).map(({ record }) => record.seq);

/** As often as another part of the process gets to run. */
async function eventLoopRounds(count: number): Promise<void> {
  for (let round = 0; round < count; round++) await new Promise<void>((resolve) => setImmediate(resolve));
}

t.beforeEach(() => {
  seq = 0;
});

t.test('a reader waits for what its filter selects, and is not woken for anything else', async (t) => {
  const bus = new LiveBus(0);
  const reader = join(
    bus,
    filter('b', ({ service }) => service === 'b'),
  );
  let woken = 0;
  const changed = reader.changed().then(() => {
    woken++;
  });
  publish(bus, records(300));
  await eventLoopRounds(5);
  t.equal(woken, 0);
  publish(bus, records(2, { service: 'b' }));
  await changed;
  t.equal(reader.cursor, 300, 'what was of no interest is behind it');
  t.same(taken(reader), [301, 302]);
  t.same(taken(reader), []);
  reader.close();
  t.equal(bus.listenerCount, 0);
});

t.test('readers of equal filters share one look at each record', async (t) => {
  const bus = new LiveBus(0);
  const shared = filter('any');
  const readers = Array.from({ length: 1_000 }, () => join(bus, { ...shared }));
  const changed = readers.map((reader) => reader.changed());
  publish(bus, records(500));
  await Promise.all(changed);
  for (const reader of readers) {
    // The rest of them is looked at while the reader waits for it.
    const all = taken(reader);
    while (all.length < 500) {
      await reader.changed();
      all.push(...taken(reader));
    }
    t.equal(all.at(-1), 500);
    if (all.length !== 500) t.fail(`${all.length} of 500 records`);
  }
  t.equal(shared.looks, 500);
});

t.test('a filter that wants a value of a field looks only at what has it', async (t) => {
  const bus = new LiveBus(0);
  const filters = Array.from({ length: 1_000 }, (_, index) => ({
    ...filter(`job ${index}`, ({ job_id }) => job_id === String(index)),
    prefilter: { field: 'job_id' as const, values: [String(index)] },
  }));
  const looks = new Map<string, number>();
  const readers = filters.map((chosen) =>
    join(bus, {
      ...chosen,
      matches: (record) => {
        looks.set(chosen.key, (looks.get(chosen.key) ?? 0) + 1);
        return chosen.matches(record);
      },
    }),
  );
  const changed = readers.map((reader) => reader.changed());
  publish(bus, records(1, { job_id: '7' }));
  publish(bus, records(1, { job_id: '1000' }));
  publish(bus, records(1, { job_id: '42' }));
  await Promise.all([changed[7], changed[42]]);
  t.same([...looks.keys()].sort(), ['job 42', 'job 7']);
  t.same(taken(readers[7]!), [1]);
  t.same(taken(readers[42]!), [3]);
  for (const reader of readers) reader.close();
  publish(bus, records(1, { job_id: '7' }));
  await eventLoopRounds(3);
  t.equal(looks.get('job 7'), 1, 'nobody is left to look for');
});

t.test('many filters that take their time hold up nothing else', async (t) => {
  const bus = new LiveBus(0);
  const burn = () => {
    const until = performance.now() + 0.5;
    while (performance.now() < until);
    return true;
  };
  const readers = Array.from({ length: 200 }, (_, index) => join(bus, filter(`slow ${index}`, burn)));
  let left = readers.length;
  const changed = readers.map((reader) => reader.changed().then(() => left--));
  publish(bus, records(1));
  let others = 0;
  while (left > 0) {
    await eventLoopRounds(1);
    others++;
  }
  await Promise.all(changed);
  // 100 ms of work in slices of 5: without slices it is all done in the first round of the event loop.
  t.ok(others >= 10, `${others} rounds of something else in between`);
  for (const reader of readers) t.same(taken(reader), [1]);
});

t.test('a reader that comes back behind a few records gets what was published since', async (t) => {
  const bus = new LiveBus(0);
  const first = join(bus, filter('any'));
  publish(bus, records(3));
  const late = new LiveReader(bus, filter('any'));
  t.ok(late.join(1));
  t.same(taken(late), [], 'nobody has looked at them yet');
  await late.changed();
  t.same(taken(late), [2, 3]);
  await first.changed();
  t.same(taken(first), [1, 2, 3]);
  const ahead = new LiveReader(bus, filter('any'));
  t.notOk(ahead.join(99), 'a sequence number that is not there yet');
});

t.test('records that are not at hand send readers to the store, none is passed', async (t) => {
  const bus = new LiveBus(0);
  const reader = join(
    bus,
    filter('none', () => false),
  );
  const changed = reader.changed();
  publish(bus, records(4));
  bus.publish(9, undefined);
  await changed;
  t.notOk(reader.live);
  t.ok(reader.cursor <= 4, 'it has to read from where nothing is at hand');
});

t.test('a reader that does not take falls off, and holds nothing', async (t) => {
  const bus = new LiveBus(0, false, { maxRecords: 100, maxBytes: 1e6 });
  const deaf = join(bus, filter('any'));
  const other = join(bus, filter('any'));
  const changed = other.changed();
  publish(bus, records(90));
  await changed;
  t.equal(taken(other).length, 90);
  publish(bus, records(90));
  t.notOk(deaf.live);
  t.ok(other.live);
  t.equal(deaf.cursor, 0);
});

t.test('it takes as much as is asked for, and a record that is larger alone', async (t) => {
  const bus = new LiveBus(0);
  const reader = join(bus, filter('any'));
  const changed = reader.changed();
  publish(bus, records(5, { message: 'x'.repeat(10_000) }));
  await changed;
  const next = (bytes: number) => reader.take(3, bytes).map(({ record }) => record.seq);
  t.same(next(1e9), [1, 2, 3]);
  t.same(next(10), [4]);
  t.same(next(10), [5]);
});

t.test('readers that leave while they wait to be woken harm nobody', async (t) => {
  const bus = new LiveBus(0);
  const readers = Array.from({ length: 50 }, () => join(bus, filter('any')));
  const changed = readers.map((reader) => reader.changed());
  publish(bus, records(1));
  for (const reader of readers.slice(0, 49)) reader.close();
  await changed[49];
  t.same(taken(readers[49]!), [1]);
  readers[49]!.close();
  t.equal(bus.listenerCount, 0);
});

t.test(
  'a filter that fails costs its own readers a look into the store, and nobody else anything',
  async (t) => {
    const bus = new LiveBus(0);
    const failing = join(
      bus,
      filter('failing', ({ message }) => {
        if (message === 'bad') throw new RangeError('Maximum call stack size exceeded');
        return true;
      }),
    );
    const other = join(bus, filter('any'));
    const changed = [failing.changed(), other.changed()];
    publish(bus, [...records(1), ...records(1, { message: 'bad' }), ...records(1)]);
    await Promise.all(changed);
    t.same(taken(other), [1, 2, 3]);
    t.notOk(failing.live);
    t.equal(failing.cursor, 0);
    t.notOk(failing.join(0), 'what made it fail is not looked at again');
    t.ok(failing.join(3));
    const again = failing.changed();
    publish(bus, records(1));
    await again;
    t.same(taken(failing), [4]);
    t.equal(bus.filters.failures, 1);
  },
);
