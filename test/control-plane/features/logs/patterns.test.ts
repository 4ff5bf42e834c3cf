import t from 'tap';
import { patternsOf } from '../../../../control-plane/features/logs/patterns.ts';
import { parseFilter } from '../../../../control-plane/query/log-filter.ts';
import { withSampleRate } from '../../../../pipeline/record/sample-rate.ts';
import { LogStore } from '../../../../pipeline/store/log-store.ts';
import { insertRecords, openStore, record } from './analysed-store.ts';

const FIRST = 1_793_491_200_000_000;
const clickhouse = await openStore(t);

t.test('few records that stand for many are all looked at', async (t) => {
  const records = Array.from({ length: 12 }, (_, index) => {
    const one = record({ seq: FIRST + index, message: `line ${index}` });
    return { ...one, ...withSampleRate(one, 1_000_000) };
  });
  await insertRecords(clickhouse, records);
  for (const from of [undefined, '2020-01-01']) {
    const found = await patternsOf(new LogStore(clickhouse), parseFilter({ from }), 10, {});
    t.match(found, { total: 12_000_000, sampled: 12 });
    t.match(found.patterns, [{ pattern: 'line <num>', count: 12_000_000, share: 1 }]);
  }
});
