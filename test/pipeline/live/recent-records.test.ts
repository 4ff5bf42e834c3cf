import t from 'tap';
import { LiveRecord } from '../../../pipeline/live/live-record.ts';
import { RecentRecords } from '../../../pipeline/live/recent-records.ts';
import { plainRecord } from '../../plain-record.ts';

const live = (first: number, count: number, message = '') =>
  Array.from(
    { length: count },
    (_, index) => new LiveRecord({ ...plainRecord({ message }), seq: first + index }),
  );
const places = (found: readonly LiveRecord[] | undefined) => found?.map(({ record }) => record.seq);

t.test('what was published behind a place', async (t) => {
  const recent = new RecentRecords(100);
  t.same(places(recent.after(100)), [], 'nothing came yet');
  t.equal(recent.after(99), undefined, 'what came before is in the store');
  recent.add(103, live(101, 3));
  // Places of an insert that failed are missing.
  recent.add(112, live(111, 2));
  t.same(places(recent.after(100)), [101, 102, 103, 111, 112]);
  t.same(places(recent.after(102)), [103, 111, 112]);
  t.same(places(recent.after(105)), [111, 112]);
  t.same(places(recent.after(112)), []);
  recent.forget(120);
  t.equal(recent.after(119), undefined, 'records that nobody kept are in the store');
  t.same(places(recent.after(120)), []);
});

t.test('it is bounded', async (t) => {
  const recent = new RecentRecords(0);
  for (let first = 1; first < 5_000; first += 500) recent.add(first + 499, live(first, 500));
  t.equal(recent.after(2_999), undefined);
  t.equal(recent.after(3_000)?.length, 2_000);
  recent.add(5_001, live(5_001, 1, 'x'.repeat(5_000_000)));
  t.equal(recent.after(5_000), undefined, 'one that is too large is in the store alone');
  t.same(places(recent.after(5_001)), []);
});
