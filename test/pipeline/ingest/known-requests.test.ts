import fc from 'fast-check';
import t from 'tap';
import { KnownRequests, type SharedRequests } from '../../../pipeline/ingest/known-requests.ts';
import { SeenRequests } from '../../../pipeline/ingest/seen-requests.ts';
import { unavailable } from '../../../pipeline/runtime/errors.ts';
import { hashKey, idempotencyKey, type StoredRequest } from '../../../pipeline/store/request-progress.ts';

const request = (digest: string, entries = 3): StoredRequest => ({
  agent: 'm',
  digest,
  entries,
  accepted: entries,
  rejected: 0,
  complete: true,
});

const MINUTE = 60_000;

/** Rows that carry requests, and who looked for them. */
function createScene({ shared, seen }: { shared?: SharedRequests; seen?: SeenRequests } = {}) {
  const rows = new Map<string, StoredRequest>();
  const looked: { digest: string; since: number }[] = [];
  const store: { refusal?: Error } = {};
  const restart = (again = new SeenRequests(Date.now())) =>
    new KnownRequests({
      shared,
      seen: again,
      findStored: async (key, since) => {
        looked.push({ digest: (JSON.parse(`${key}]`) as string[])[1]!, since });
        if (store.refusal) throw store.refusal;
        return rows.get(key);
      },
    });
  const first = seen ?? new SeenRequests(Date.now());
  if (!seen) {
    first.completeTo(0);
    first.endOlder();
  }
  const put = (stored: StoredRequest) => rows.set(idempotencyKey(stored.agent, stored.digest), stored);
  return { known: restart(first), restart, rows, looked, store, put };
}

const hashOf = (n: number) => hashKey(idempotencyKey('m', String(n)));
const timeless = () => undefined;

t.test('a new request is known to be new, a repeated one to be stored, without the store', async (t) => {
  const { known, looked } = createScene();
  t.equal(await known.claim('m', 'x', timeless), undefined);
  known.record(request('x'));
  t.match(await known.claim('m', 'x', timeless), { entries: 3, complete: true });
  t.equal(await known.claim('other', 'x', timeless), undefined);
  t.equal(await known.claim('m', 'y', timeless), undefined);
  t.same(looked, []);
});

t.test('one behind 20,000 others is looked for in the rows', async (t) => {
  const { known, looked, put } = createScene();
  known.record(request('x'));
  put(request('x'));
  for (let n = 0; n < 20_000; n++) known.record(request(`${n}`));
  t.match(await known.claim('m', 'x', timeless), { entries: 3 });
  t.match(looked, [{ digest: 'x' }]);
  t.ok(looked[0]!.since < Date.now() - 9 * MINUTE, 'from before the longest insert');
});

t.test('one whose insert failed is looked for in the rows, each time until it is stored', async (t) => {
  const { known, looked, put } = createScene();
  await known.release('m', 'x', true);
  t.equal(await known.claim('m', 'x', timeless), undefined);
  await known.release('m', 'x', true);
  put(request('x'));
  t.match(await known.claim('m', 'x', timeless), { entries: 3 });
  known.record(request('x'));
  await known.release('m', 'x', false);
  await known.claim('m', 'x', timeless);
  t.equal(looked.length, 2);
});

t.test(
  'of one that is stored in part the furthest counts: what is remembered, or what is stored',
  async (t) => {
    for (const [remembered, stored, expected] of [
      [3, undefined, 3],
      [3, 2, 3],
      [3, 5, 5],
    ] as const) {
      const { known, put } = createScene();
      known.record({ ...request('x', remembered), complete: false });
      await known.release('m', 'x', true);
      if (stored !== undefined) put(request('x', stored));
      t.match(await known.claim('m', 'x', timeless), { entries: expected });
    }
  },
);

t.test('a store that does not answer refuses the request, and it stays in doubt', async (t) => {
  const { known, store } = createScene();
  await known.release('m', 'x', true);
  store.refusal = unavailable('not now');
  await t.rejects(known.claim('m', 'x', timeless), store.refusal);
  await t.rejects(known.claim('m', 'x', timeless), store.refusal);
});

t.test('what is older than the set reaches is looked for, and what is newer is not', async (t) => {
  const { restart, looked, put } = createScene();
  const now = Date.now();
  const seen = new SeenRequests(now);
  seen.completeTo(now - 60 * MINUTE);
  seen.endOlder();
  const known = restart(seen);
  put(request('old'));
  t.match(await known.claim('m', 'old', () => now - 100 * MINUTE), { entries: 3 });
  t.ok(looked[0]!.since < now - 105 * MINUTE, 'clocks differ, and an insert takes its time');
  t.equal(await known.claim('m', 'new', () => now - 50 * MINUTE), undefined);
  t.equal(await known.claim('m', 'new, no time', timeless), undefined);
  t.equal(looked.length, 1);
  await known.claim('m', 'at the edge', () => now - 56 * MINUTE);
  t.equal(looked.length, 2);
});

t.test('while requests before the start are read, an unknown one is looked for', async (t) => {
  const { restart, looked, put } = createScene();
  const now = Date.now();
  const seen = new SeenRequests(now);
  const known = restart(seen);
  put(request('x'));
  t.match(await known.claim('m', 'x', () => now - 1_000), { entries: 3 });
  t.match(await known.claim('m', 'x', timeless), { entries: 3 });
  t.equal(looked[1]!.since, -10 * MINUTE, 'without a time in all rows');
  seen.completeTo(now - 10 * MINUTE);
  t.equal(await known.claim('m', 'y', () => now), undefined);
  t.equal(looked.length, 2, 'what is newer than what was read back is new');
  seen.completeTo(0);
  seen.endOlder();
  await known.claim('m', 'z', timeless);
  t.equal(looked.length, 2);
});

t.test('what another server took in is looked for; a search that fails gives the request back', async (t) => {
  const released: string[] = [];
  const shared = {
    claim: async (_: string, digest: string) => (digest === 'theirs' ? 5_000 : undefined),
    release: async (_: string, digest: string) => void released.push(digest),
  };
  const { known, looked, store, put } = createScene({ shared });
  t.equal(await known.claim('m', 'mine', timeless), undefined);
  put(request('theirs'));
  t.match(await known.claim('m', 'theirs', timeless), { entries: 3 });
  t.same(looked, [{ digest: 'theirs', since: 5_000 - 10 * MINUTE }]);
  store.refusal = unavailable('not now');
  await t.rejects(known.claim('m', 'theirs', timeless), store.refusal);
  t.same(released, ['theirs']);
  await known.release('m', 'mine', false);
  t.same(released, ['theirs', 'mine']);
});

t.test(
  'property: over restarts, lost answers and a set that forgets, each request is stored once',
  async () => {
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({ kind: fc.constant('send' as const), n: fc.nat(30), lost: fc.boolean() }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), readBack: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('others' as const), count: fc.nat(40) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const small = { blockSize: 2, maxBlocks: 3 };
        const { restart, put, rows } = createScene();
        const start = Date.now();
        // A request carries the time at which it was made, an hour before the one behind it.
        const timeOf = (n: number) => start - (31 - n) * 60 * MINUTE;
        let known = restart(new SeenRequests(start, small));
        known.seen.completeTo(0);
        let others = 0;
        const stored = new Map<number, number>();
        for (const one of steps) {
          if (one.kind === 'restart') {
            const seen = new SeenRequests(Date.now(), small);
            if (one.readBack) {
              seen.completeTo(timeOf(15));
              seen.endOlder();
              for (let n = 16; n <= 30; n++) if (stored.has(n)) seen.add(hashOf(n), Date.now());
            }
            known = restart(seen);
          } else if (one.kind === 'others') {
            for (let n = 0; n < one.count; n++) known.record(request(`other ${others++}`));
          } else {
            const { n, lost } = one;
            const digest = String(n);
            const found = await known.claim('m', digest, () => timeOf(n));
            if (!found) {
              stored.set(n, (stored.get(n) ?? 0) + 1);
              put(request(digest));
            }
            if (!lost) known.record(request(digest));
            await known.release('m', digest, lost);
          }
        }
        return [...stored.values()].every((times) => times === 1) && rows.size === stored.size;
      }),
      { seed: 21, numRuns: 300 },
    );
  },
);
