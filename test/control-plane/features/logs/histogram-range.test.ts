import t from 'tap';
import { histogramOf } from '../../../../control-plane/features/logs/histogram.ts';
import { type FilterParameters, parseFilter } from '../../../../control-plane/query/log-filter.ts';
import { LogStore } from '../../../../pipeline/store/log-store.ts';
import { insertRecords, openStore, record } from './analysed-store.ts';

const START = 1_793_491_200;
const MINUTE = 60_000_000_000n;
const FROM = new Date(START * 1000).toISOString();

const store = await openStore(t);
const buckets = async (parameters: FilterParameters) => {
  const request = {
    filter: parseFilter(parameters),
    interval: MINUTE,
    by: undefined,
    now: (START + 3_600) * 1000,
  };
  return (await histogramOf(new LogStore(store), request, {})).buckets;
};
const at = (seconds: number) => ({ seconds, nanos: 0, digits: 0 });

t.test('a store without records has no buckets, unless a range asks for them', async (t) => {
  t.strictSame(await buckets({}), []);
  t.strictSame(await buckets({ q: 'x' }), []);
  const asked = await buckets({ from: FROM });
  t.equal(asked.length, 60);
  t.ok(asked.every(({ total }) => total === 0));
});

t.test('a range without an end goes to the present, or to a record that claims to be later', async (t) => {
  await insertRecords(store, [
    record({ seq: START * 1e6, timestamp: at(START + 60), message: 'early' }),
    record({ seq: START * 1e6 + 1, timestamp: at(START + 120), message: 'early' }),
  ]);
  t.equal((await buckets({ from: FROM })).length, 60);
  await insertRecords(store, [
    record({ seq: START * 1e6 + 2, timestamp: at(START + 7_200), message: 'late' }),
  ]);
  t.equal((await buckets({ from: FROM })).length, 121);
  t.equal((await buckets({ from: FROM, q: 'early' })).length, 60);
});

t.test('without a range it goes from the first record to the last', async (t) => {
  t.equal((await buckets({})).length, 120);
  t.equal((await buckets({ q: 'early' })).length, 2);
});
