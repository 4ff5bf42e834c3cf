import t from 'tap';
import { readBackRequests } from '../../../pipeline/ingest/read-back-requests.ts';
import { SeenRequests } from '../../../pipeline/ingest/seen-requests.ts';
import { ClickHouseError } from '../../../pipeline/store/clickhouse.ts';
import { hashKey } from '../../../pipeline/store/request-progress.ts';

const NOW = 1_900_000_000_000;
const MINUTE = 60_000;
const hash = (minutes: number) => hashKey(String(minutes));

/** A store with a request at each of these minutes before now. */
function createStore(
  minutesAgo: readonly number[],
  fails: (after: number) => boolean = () => false,
  failure = new ClickHouseError('damaged', 40, undefined),
) {
  const ranges: [number, number][] = [];
  return {
    ranges,
    firstSequenceNumber: async () =>
      minutesAgo.length === 0 ? 0 : (NOW - Math.max(...minutesAgo) * MINUTE) * 1000,
    async *requestHashes(after: number, upTo: number) {
      ranges.push([after, upTo]);
      if (fails(after)) throw failure;
      const hashes = minutesAgo
        .filter((minutes) => {
          const seq = (NOW - minutes * MINUTE) * 1000;
          return seq > after && seq <= upTo;
        })
        .map((minutes) => hash(minutes).subarray(0, 8));
      // In pieces of two, as an engine's chunks come.
      for (let at = 0; at < hashes.length; at += 2) yield Buffer.concat(hashes.slice(at, at + 2));
    },
  };
}

const signal = new AbortController().signal;

t.test('all requests of a store are known, whenever they came in', async (t) => {
  const minutes = [0, 1, 4, 7, 60, 1_000, 10_000, 40_000];
  const store = createStore(minutes);
  const seen = new SeenRequests(NOW + MINUTE);
  await readBackRequests({ store: store, seen, upTo: NOW * 1000, signal });
  for (const ago of minutes) {
    const since = seen.find(hash(ago));
    t.ok(since !== undefined && since <= NOW - ago * MINUTE, `${ago}`);
  }
  t.equal(seen.completeSince, 0);
  t.notOk(seen.awaitsOlder);
  t.equal(seen.count, minutes.length);
  t.ok(store.ranges.length < 20, 'in few statements');
  t.equal(store.ranges[0]![1], NOW * 1000);
  for (const [index, [, upTo]] of store.ranges.entries())
    if (index > 0) t.equal(upTo, store.ranges[index - 1]![0]);
});

t.test('an empty store is read at once', async (t) => {
  for (const upTo of [0, NOW * 1000]) {
    const store = createStore([]);
    const seen = new SeenRequests(NOW);
    await readBackRequests({ store, seen, upTo, signal });
    t.equal(seen.completeSince, 0);
    t.same(store.ranges, []);
  }
});

t.test('the latest are known where there is no room for all', async (t) => {
  const minutes = Array.from({ length: 100 }, (_, n) => n);
  const seen = new SeenRequests(NOW, { blockSize: 4, maxBlocks: 6 });
  await readBackRequests({ store: createStore(minutes), seen, upTo: NOW * 1000, signal });
  t.equal(seen.completeSince, NOW - 15 * MINUTE, 'two whole stretches');
  for (let ago = 0; ago < 15; ago++) t.type(seen.find(hash(ago)), 'number');
  t.notOk(seen.awaitsOlder);
});

t.test('what cannot be read ends it: what is newer is known, and the set says so', async (t) => {
  const seen = new SeenRequests(NOW);
  const store = createStore([1, 8, 30], (after) => after < (NOW - 20 * MINUTE) * 1000);
  await t.rejects(readBackRequests({ store: store, seen, upTo: NOW * 1000, signal }), { message: 'damaged' });
  t.equal(seen.completeSince, NOW - 15 * MINUTE);
  t.notOk(seen.awaitsOlder);
  t.type(seen.find(hash(8)), 'number');
});

t.test(
  'a store that does not answer for a while is asked again, for the stretch that failed alone',
  async (t) => {
    let failures = 3;
    const isOld = (after: number) => after < (NOW - 10 * MINUTE) * 1000;
    const away = new ClickHouseError('no connection', undefined, undefined, true);
    const store = createStore([1, 8, 30], (after) => isOld(after) && failures-- > 0, away);
    const seen = new SeenRequests(NOW);
    await readBackRequests({ store, seen, upTo: NOW * 1000, signal, retryMs: 1 });
    t.equal(seen.completeSince, 0);
    for (const ago of [1, 8, 30]) t.type(seen.find(hash(ago)), 'number');
    t.equal(store.ranges.filter(([, upTo]) => upTo === NOW * 1000).length, 1);
  },
);

t.test('a stop ends it', async (t) => {
  const stop = new AbortController();
  const store = createStore(
    [1, 8],
    () => true,
    new ClickHouseError('no connection', undefined, undefined, true),
  );
  const reading = readBackRequests({
    store,
    seen: new SeenRequests(NOW),
    upTo: NOW * 1000,
    signal: stop.signal,
  });
  stop.abort();
  await t.rejects(reading);
});
