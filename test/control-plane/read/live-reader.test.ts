import t from 'tap';
import { LiveReader } from '../../../control-plane/read/live-reader.ts';
import { type TailEvent, tailLogs } from '../../../control-plane/read/tail.ts';
import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import type { LogStore, SequenceRange } from '../../../pipeline/store/log-store.ts';
import { until } from '../../until.ts';
import { record } from '../features/logs/analysed-store.ts';

const numbered = (seq: number) => record({ seq, message: `n${seq}` });
const all = (reader: LiveReader) => reader.take(10, 1e6).map(({ record }) => record.seq);

t.test('a query that fails costs its reader the short way and nobody else', async (t) => {
  const bus = new LiveBus(0);
  const matches = ({ seq }: StoredRecord) => {
    if (seq === 2) throw new RangeError('Maximum call stack size exceeded');
    return true;
  };
  const failing = new LiveReader(bus, { key: 'failing', matches });
  const other = new LiveReader(bus, { key: 'other', matches: () => true });
  for (const reader of [failing, other]) t.ok(reader.join(0));
  let [ofFailing, ofOther] = [failing.changed(), other.changed()];
  bus.publish(1, [numbered(1)]);
  await Promise.all([ofFailing, ofOther]);
  t.same(all(failing), [1]);
  t.same(all(other), [1]);
  [ofFailing, ofOther] = [failing.changed(), other.changed()];
  bus.publish(3, [numbered(2), numbered(3)]);
  await Promise.all([ofFailing, ofOther]);
  t.same(all(other), [2, 3]);
  t.notOk(failing.live, 'it reads the store from where it was');
  t.equal(failing.cursor, 1);
  t.notOk(failing.join(1), 'also when it comes back while these records are the newest');
  t.ok(failing.join(3));
  ofFailing = failing.changed();
  bus.publish(4, [numbered(4)]);
  await ofFailing;
  t.same(all(failing), [4]);
  t.equal(bus.filters.failures, 1);
});

t.test('whatever readers do, who stores does not notice, and the others get everything', async (t) => {
  const bus = new LiveBus(0);
  const throws = () => {
    throw new Error('of its own');
  };
  const readers = ['first', 'second', 'third'].map(
    (key) => new LiveReader(bus, { key, matches: key === 'second' ? throws : () => true }),
  );
  for (const reader of readers) reader.join(0);
  const changed = readers.map((reader) => reader.changed());
  bus.publish(1, [numbered(1)]);
  bus.publish(2, [numbered(2)]);
  await Promise.all(changed);
  const [first, second, third] = readers as [LiveReader, LiveReader, LiveReader];
  const got = async (reader: LiveReader) => {
    const found = all(reader);
    while (found.length < 2) {
      await reader.changed();
      found.push(...all(reader));
    }
    return found;
  };
  t.same(await Promise.all([got(first), got(third)]), [
    [1, 2],
    [1, 2],
  ]);
  t.notOk(second.live);
  bus.setProblem('away');
  bus.publishLate({ from: 0, to: 2, count: 1 });
  for (const reader of readers) t.match(reader.takeLate(), { count: 1 });
  t.ok(bus.filters.failures > 0);
});

for (const kind of ['fails', 'is slow'] as const) {
  t.test(`a tail whose query ${kind} goes on from the store, without a hole`, async (t) => {
    const stored: StoredRecord[] = [];
    const bus = new LiveBus(0);
    const inRange = ({ after, upTo }: Pick<SequenceRange, 'after' | 'upTo'>) =>
      stored.filter(({ seq }) => seq > after && seq <= upTo);
    const reads: SequenceRange[] = [];
    const store = {
      oldest: async (limit: number, range: SequenceRange) => {
        reads.push(range);
        return inRange(range).slice(0, limit);
      },
      count: async (range: SequenceRange) => inRange(range).length,
    } as unknown as LogStore;
    const matches = () => {
      if (kind === 'fails') throw new Error('it fails');
      const end = performance.now() + 30;
      while (performance.now() < end);
      return true;
    };
    const stopping = new AbortController();
    t.teardown(() => stopping.abort());
    const tail = tailLogs(
      { store, bus },
      {
        filter: { where: '1', parameters: {}, matches },
        follow: true,
        levelCase: 'upper',
        signal: stopping.signal,
      },
    );
    const got: number[] = [];
    const given: TailEvent[] = [];
    const done = (async () => {
      for await (const events of tail) {
        given.push(...events);
        for (const event of events) if (event.kind === 'record') got.push(event.record.seq);
      }
    })();
    await until(() => given.length > 0, 'the tail to begin');
    for (let last = 10; last <= 60; last += 10) {
      const records = Array.from({ length: 10 }, (_, index) => numbered(last - 9 + index));
      stored.push(...records);
      bus.publish(last, records);
    }
    await until(() => got.length >= 60, 'all records');
    t.same(
      got,
      Array.from({ length: 60 }, (_, index) => index + 1),
    );
    t.ok(reads.length > 0, 'some came from the store');
    stopping.abort();
    await done;
  });
}
