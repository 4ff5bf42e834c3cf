import t, { type Test } from 'tap';
import { parseFilter } from '../../../control-plane/query/log-filter.ts';
import { type TailEvent, type TailRequest, tailLogs } from '../../../control-plane/read/tail.ts';
import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import type { RecentLimits } from '../../../pipeline/store/live/recent-records.ts';
import { LogStore } from '../../../pipeline/store/log-store.ts';
import { insertRecords, openStore, record } from '../features/logs/analysed-store.ts';

const FIRST = 1_793_491_200_000_000;

const clickhouse = await openStore(t);

/** A store and a bus as the server has them, with records numbered from 1 whose sequence number is `FIRST` plus their number. */
async function tailing(t: Test, kept?: RecentLimits) {
  await clickhouse.command('TRUNCATE TABLE logs');
  const store = new LogStore(clickhouse);
  const bus = new LiveBus(FIRST, false, kept);
  let last = FIRST;
  const stored = async (count: number, fields: Partial<StoredRecord> = {}) => {
    const records = Array.from({ length: count }, () => {
      last++;
      return record({ message: `n${last - FIRST}`, service: 'a', ...fields, seq: last });
    });
    await insertRecords(clickhouse, records);
    return records;
  };
  const left = new AbortController();
  t.teardown(() => left.abort());
  return {
    bus,
    left,
    /** Stores and publishes records. */
    write: async (count: number, fields: Partial<StoredRecord> = {}) => {
      const records = await stored(count, fields);
      bus.publish(last, records);
    },
    /** The same where no reader was there when they came in. */
    writeUnkept: async (count: number) => {
      await stored(count);
      bus.publish(last, undefined);
    },
    tail: (request: Partial<TailRequest> = {}, limits: { maxBehind?: number } = {}) =>
      tailLogs(
        { store, bus, ...limits },
        { filter: parseFilter({}), follow: true, levelCase: 'upper', signal: left.signal, ...request },
      ),
  };
}

/** An event in short: the number of a record, or the kind of another event. */
const short = (event: TailEvent) => {
  if (event.kind === 'record') return event.record.seq - FIRST;
  if (event.kind === 'position') return `position ${event.seq - FIRST}`;
  if (event.kind === 'notice') return `notice ${event.problem}`;
  return `gap ${event.from - FIRST}-${event.to - FIRST}: ${event.count}`;
};

/** The next events, until there are that many. */
async function next(tail: AsyncGenerator<TailEvent[]>, count: number): Promise<(number | string)[]> {
  const events: (number | string)[] = [];
  while (events.length < count) {
    const { value, done } = await tail.next();
    if (done) break;
    events.push(...value.map(short));
  }
  return events;
}

/** So few that readers fall behind. */
const FEW = { maxRecords: 10, maxBytes: 1e6 };

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

t.test('a new reader gets its position, then what is new', async (t) => {
  const { write, tail } = await tailing(t);
  await write(3);
  const reader = tail();
  t.same(await next(reader, 1), ['position 3']);
  const events = next(reader, 2);
  await write(2);
  t.same(await events, [4, 5]);
});

t.test('history and live records join without a seam', async (t) => {
  const { write, tail } = await tailing(t);
  await write(5);
  const reader = tail({ tail: 3 });
  t.same(await next(reader, 3), [3, 4, 5]);
  await write(1);
  const events = next(reader, 2);
  await write(1);
  t.same(await events, [6, 7]);
});

t.test('since begins with the records from a time on', async (t) => {
  const { write, tail } = await tailing(t);
  const at = (seconds: number) => ({ timestamp: { seconds: 1_793_491_200 + seconds, nanos: 0, digits: 3 } });
  await write(2, at(0));
  await write(1, at(20));
  await write(1, at(5));
  await write(1, at(30));
  const since = BigInt(1_793_491_210) * 1_000_000_000n;
  t.same(await next(tail({ since, follow: false }), 99), [3, 5], 'whatever their order of arrival');
  t.same(await next(tail({ since, tail: 1, follow: false }), 99), [5], 'and of these the newest');
  const reader = tail({ since });
  t.same(await next(reader, 2), [3, 5]);
  const late = next(reader, 1);
  await write(1, at(-3600));
  t.same(await late, [6], 'a late record is new all the same');
});

t.test(
  'a reader that resumes gets all behind its sequence number, and history is not read again',
  async (t) => {
    const { write, writeUnkept, tail } = await tailing(t);
    await write(4_500);
    await writeUnkept(10);
    const reader = tail({ after: FIRST + 10, tail: 3, since: 0n });
    t.same(await next(reader, 4_500), numbers(11, 4_510), 'over several pages');
    t.same(await next(tail({ after: FIRST + 4_509, follow: false }), 99), [4_510]);
    t.same(await next(tail({ after: FIRST + 4_510, follow: false }), 99), [], 'and ends where it stands');
  },
);

t.test('records that were not kept in memory come from the store', async (t) => {
  const { write, writeUnkept, tail } = await tailing(t);
  const reader = tail();
  await next(reader, 1);
  const events = next(reader, 6);
  await write(2);
  await writeUnkept(3);
  await write(1);
  t.same(await events, numbers(1, 6));
});

t.test('a filter holds for history, for the store and for live records', async (t) => {
  const { write, writeUnkept, tail } = await tailing(t);
  await write(2);
  await write(1, { service: 'b' });
  const reader = tail({ filter: parseFilter({ q: 'service:b' }), tail: 5 });
  t.same(await next(reader, 1), [3]);
  const events = next(reader, 2);
  await write(2);
  await write(1, { service: 'b' });
  await writeUnkept(1);
  await write(1, { service: 'b' });
  t.same(await events, [6, 8]);
});

t.test('a reader that is a little too slow reads on from the store, without a gap', async (t) => {
  const { write, tail } = await tailing(t, FEW);
  const reader = tail({}, { maxBehind: 100 });
  await next(reader, 1);
  const first = next(reader, 1);
  await write(1);
  t.same(await first, [1]);
  for (let round = 0; round < 5; round++) await write(8);
  t.same(await next(reader, 40), numbers(2, 41));
});

t.test('a reader that is far too slow gets a gap for what it missed', async (t) => {
  const { write, tail } = await tailing(t, FEW);
  const reader = tail({}, { maxBehind: 30 });
  await next(reader, 1);
  const first = next(reader, 1);
  await write(1);
  await first;
  for (let round = 0; round < 5; round++) await write(8);
  t.same(await next(reader, 1), ['gap 1-41: 40']);
  const events = next(reader, 2);
  await write(2);
  t.same(await events, [42, 43], 'and goes on with the present');
});

t.test('a gap counts only what the reader asked for', async (t) => {
  const { write, tail } = await tailing(t, FEW);
  const reader = tail({ filter: parseFilter({ q: 'service:b' }) }, { maxBehind: 15 });
  await next(reader, 1);
  const first = next(reader, 1);
  await write(1, { service: 'b' });
  await first;
  await write(100);
  for (let round = 0; round < 4; round++) await write(5, { service: 'b' });
  t.same(await next(reader, 1), ['gap 1-121: 20']);
});

t.test('a reader that resumes from far behind has no gap, however far', async (t) => {
  const { write, tail } = await tailing(t, FEW);
  await write(3_000);
  const reader = tail({ after: FIRST }, { maxBehind: 10 });
  t.same(await next(reader, 3_000), numbers(1, 3_000));
});

t.test('a gap also comes while a slow reader reads from the store', async (t) => {
  const { write, tail } = await tailing(t, FEW);
  const reader = tail({}, { maxBehind: 30 });
  await next(reader, 1);
  const first = next(reader, 1);
  await write(1);
  await first;
  await write(20);
  t.same(await next(reader, 20), numbers(2, 21), 'fallen off, but not far');
  await write(50);
  t.same(await next(reader, 1), ['gap 21-71: 50']);
});

t.test('large records come one by one, in pages of few', async (t) => {
  const { bus, write, tail } = await tailing(t);
  for (let round = 0; round < 5; round++) await write(6, { message: 'x'.repeat(1_000_000) });
  const reader = tail({ tail: 28 });
  const got: (string | number)[] = [];
  let held = 0;
  for (let event = 0; event < 28; event++) {
    const { value } = await reader.next();
    t.equal(value.length, 1);
    got.push(...value.map(short));
    held = Math.max(held, bus.pages.held);
  }
  t.same(got, numbers(3, 30));
  t.ok(held > 0 && held <= 8 * 1024 * 1024, `${held} bytes of the store in memory`);
  const next = reader.next();
  await write(1);
  t.same((await next).value.map(short), [31]);
  t.equal(bus.pages.held, 0);
});

t.test('a page that had to be given up is read again from where the reader is', async (t) => {
  const { bus, write, tail } = await tailing(t);
  await write(1_200);
  const reader = tail({ tail: 1_200 });
  const first = (await reader.next()).value.length;
  t.ok(first < 1_200);
  const others = bus.pages.hold(1e9, () => {});
  t.equal(bus.pages.givenUp, 1);
  t.same(await next(reader, 1_200 - first), numbers(first + 1, 1_200));
  others();
});

t.test(
  'a sequence number from the future is waited for only where another process may be ahead',
  async (t) => {
    const { write, tail } = await tailing(t);
    await write(2);
    const reader = tail({ after: FIRST + 1_000_000 });
    const events = next(reader, 1);
    await write(1);
    t.same(await events, [3], 'it goes on with the present');
  },
);

t.test('two readers of one filter, of which one leaves in the middle of a page', async (t) => {
  const { write, bus, tail } = await tailing(t);
  await write(1_500);
  const left = new AbortController();
  const leaving = tail({ tail: 1_500, signal: left.signal });
  const staying = tail({ tail: 1_500 });
  await leaving.next();
  t.same(await next(staying, 1_500), numbers(1, 1_500));
  left.abort();
  await leaving.return(undefined);
  t.equal(bus.listenerCount, 1);
  const events = next(staying, 1);
  await write(1);
  t.same(await events, [1_501]);
  t.equal(bus.pages.held, 0);
});

t.test('a reader that leaves ends, also while it waits', async (t) => {
  const { bus, left, tail } = await tailing(t);
  const reader = tail();
  await next(reader, 1);
  const end = reader.next();
  left.abort();
  t.equal((await end).done, true);
  t.equal(bus.listenerCount, 0);
});
