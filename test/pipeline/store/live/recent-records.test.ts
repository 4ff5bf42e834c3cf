import t from 'tap';
import { LiveRecord } from '../../../../pipeline/store/live/live-record.ts';
import { RecentRecords } from '../../../../pipeline/store/live/recent-records.ts';
import { plainRecord } from '../../../plain-record.ts';

const live = (first: number, count: number, message = '') =>
  Array.from(
    { length: count },
    (_, index) => new LiveRecord({ ...plainRecord({ message }), seq: first + index }),
  );
/** The records behind a sequence number; undefined where some of them are gone. */
const behind = (recent: RecentRecords, seq: number) =>
  recent.reaches(seq)
    ? [...recent.since(seq)]
        .flatMap(({ records }) => records.map(({ record }) => record.seq))
        .filter((found) => found > seq)
    : undefined;

t.test('what was published behind a sequence number', async (t) => {
  const recent = new RecentRecords(100);
  t.same(behind(recent, 100), [], 'nothing came yet');
  t.equal(behind(recent, 99), undefined, 'what came before is in the store');
  recent.add(103, live(101, 3));
  // The sequence numbers of an insert that failed are missing.
  recent.add(112, live(111, 2));
  t.same(behind(recent, 100), [101, 102, 103, 111, 112]);
  t.same(behind(recent, 102), [103, 111, 112]);
  t.same(behind(recent, 105), [111, 112]);
  t.same(behind(recent, 112), []);
  recent.forget(120);
  t.equal(behind(recent, 119), undefined, 'records that nobody kept are in the store');
  t.same(behind(recent, 120), []);
});

t.test('it is bounded in records', async (t) => {
  const recent = new RecentRecords(0, { maxRecords: 2_000, maxBytes: 1e9 });
  for (let first = 1; first < 5_000; first += 500) recent.add(first + 499, live(first, 500));
  t.equal(behind(recent, 2_999), undefined);
  t.equal(behind(recent, 3_000)?.length, 2_000);
});

t.test('it is bounded in bytes, whatever field these are in', async (t) => {
  const recent = new RecentRecords(0, { maxRecords: 1e6, maxBytes: 5_000_000 });
  recent.add(20, live(1, 20, 'x'.repeat(400_000)));
  t.ok(recent.bytes <= 5_000_000);
  t.equal(behind(recent, 7), undefined);
  t.equal(behind(recent, 9)?.length, 11, 'a part of what came together is kept');
  const wide = { ...plainRecord({}), machine_id: 'x'.repeat(6_000_000), seq: 21 };
  recent.add(21, [new LiveRecord(wide)]);
  t.equal(behind(recent, 20), undefined, 'one that is too large is in the store alone');
  t.same(behind(recent, 21), []);
  t.equal(recent.bytes, 0);
});

t.test('what is kept for readers beside the records counts with them', async (t) => {
  const recent = new RecentRecords(0, { maxRecords: 1e6, maxBytes: 100_000 });
  recent.add(1, live(1, 1));
  recent.add(2, live(2, 1));
  recent.grow(recent.next(1)!, 90_000);
  t.same(behind(recent, 0), [1, 2]);
  recent.grow(recent.next(1)!, 9_500);
  t.same(behind(recent, 1), [2], 'the oldest go first');
  recent.forget(2);
  t.equal(recent.bytes, 0);
});
