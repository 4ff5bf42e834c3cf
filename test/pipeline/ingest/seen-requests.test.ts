import fc from 'fast-check';
import t from 'tap';
import { SeenRequests } from '../../../pipeline/ingest/seen-requests.ts';
import { hashKey } from '../../../pipeline/store/request-progress.ts';

const hash = (n: number) => hashKey(String(n));

t.test('what was seen is known, since its block was begun; other things are not', async (t) => {
  const seen = new SeenRequests(1_000);
  t.equal(seen.find(hash(1)), undefined);
  seen.add(hash(1), 2_000);
  t.equal(seen.find(hash(1)), 1_000);
  t.equal(seen.find(hash(2)), undefined);
  t.equal(seen.count, 1);
  seen.add(hash(1), 3_000);
  t.equal(seen.count, 1);
});

t.test('the oldest block makes room, and the set says how far back it goes', async (t) => {
  const seen = new SeenRequests(0, { blockSize: 4, maxBlocks: 3 });
  seen.endOlder();
  for (let n = 0; n < 12; n++) seen.add(hash(n), n);
  t.equal(seen.completeSince, 0);
  for (let n = 0; n < 12; n++) t.type(seen.find(hash(n)), 'number', `${n}`);
  seen.add(hash(12), 12);
  t.equal(seen.completeSince, 4);
  t.equal(seen.find(hash(3)), undefined);
  t.equal(seen.find(hash(4)), 4);
  t.equal(seen.count, 9);
  for (let n = 13; n < 10_000; n++) seen.add(hash(n), n);
  t.equal(seen.bytes, 3 * 8 * 4, 'it does not grow');
  t.ok(seen.count <= 12);
});

t.test('one that two blocks hold may have come in since the older one', async (t) => {
  const seen = new SeenRequests(100, { blockSize: 2, maxBlocks: 3 });
  for (const [n, now] of [1, 2, 3, 1].entries()) seen.add(hash(now), 100 + n);
  t.equal(seen.find(hash(1)), 100);
});

t.test('hashes that meet at one slot are all known', async (t) => {
  const seen = new SeenRequests(0, { blockSize: 8 });
  const collide = (fingerprint: number) => {
    const bytes = Buffer.alloc(32);
    bytes.writeUInt32LE(fingerprint, 0);
    bytes.writeUInt32LE(15, 4);
    return bytes;
  };
  for (let n = 0; n < 8; n++) seen.add(collide(n), 0);
  // 0 stands for an empty slot, so that it counts as 1.
  t.equal(seen.count, 7);
  for (let n = 0; n < 8; n++) t.equal(seen.find(collide(n)), 0);
  t.equal(seen.find(collide(8)), undefined);
});

t.test('older ones are taken behind the present, as far as there is room', async (t) => {
  const seen = new SeenRequests(1_000, { blockSize: 2, maxBlocks: 3 });
  t.equal(seen.completeSince, 1_000);
  t.ok(seen.addOlder(hash(1), 900, 1_000));
  seen.completeTo(900);
  t.equal(seen.completeSince, 900);
  t.ok(seen.addOlder(hash(2), 700, 900));
  t.ok(seen.addOlder(hash(3), 700, 900));
  seen.completeTo(700);
  t.equal(seen.find(hash(1)), 700, 'a block that goes further back');
  seen.add(hash(10), 1_001);
  t.ok(seen.addOlder(hash(4), 300, 700));
  t.notOk(seen.addOlder(hash(5), 300, 700));
  t.notOk(seen.awaitsOlder);
  seen.completeTo(300);
  t.equal(seen.completeSince, 700, 'what found no room is not known');
  seen.add(hash(11), 1_002);
  seen.add(hash(12), 1_003);
  t.equal(seen.completeSince, 900, 'the oldest made room');
  for (const n of [1, 2, 10, 11, 12]) t.type(seen.find(hash(n)), 'number', `${n}`);
});

t.test('property: whatever came in since `completeSince` is known', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('live' as const), n: fc.nat(200) }),
    fc.record({ kind: fc.constant('older' as const), count: fc.nat(6) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 0, max: 3 }), (steps, power) => {
      const seen = new SeenRequests(10_000, { blockSize: 2 ** power, maxBlocks: 4 });
      const times = new Map<number, number>();
      let now = 10_000;
      let back = 10_000;
      let name = 1_000;
      for (const one of steps) {
        if (one.kind === 'live') {
          seen.add(hash(one.n), ++now);
          times.set(one.n, now);
        } else {
          const end = back;
          back -= 10;
          let took = true;
          for (let n = 0; n < one.count && took; n++) {
            took = seen.addOlder(hash(++name), back, end);
            times.set(name, back + 5);
          }
          if (took) seen.completeTo(back);
        }
        for (const [n, time] of times) {
          if (time <= seen.completeSince) continue;
          const since = seen.find(hash(n));
          if (since === undefined || since > time) return false;
        }
      }
      return true;
    }),
    { seed: 20 },
  );
});
