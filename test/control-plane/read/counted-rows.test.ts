import t from 'tap';
import { countLogs } from '../../../control-plane/features/logs/count.ts';
import { facetsOf } from '../../../control-plane/features/logs/facets.ts';
import { histogramOf } from '../../../control-plane/features/logs/histogram.ts';
import { groupFields } from '../../../control-plane/query/group-field.ts';
import { type FilterParameters, parseFilter } from '../../../control-plane/query/log-filter.ts';
import { countedRows } from '../../../control-plane/read/counted-rows.ts';
import { sampleRateOf, withSampleRate } from '../../../pipeline/record/sample-rate.ts';
import { LEVELS } from '../../../pipeline/record/severity.ts';
import { LogStore } from '../../../pipeline/store/log-store.ts';
import { insertRecords, openStore, record } from '../features/logs/analysed-store.ts';

const FIRST = 1_793_491_200_000_000;
const START = 1_793_491_200;
const SERVICES = ['vllm', 'client', ''];

const clickhouse = await openStore(t);
const timeOf = (index: number) => {
  // The last second before 1970.
  if (index === 3) return -1;
  return index % 400 === 7 ? [-1_000_000_000, 5_000_000_000][index % 2]! + index : START + index * 7;
};
/** Some seconds apart, so that ranges cut minutes; a few far outside of the years that a minute can be counted in. */
const records = Array.from({ length: 2_000 }, (_, index) => {
  const one = record({
    seq: FIRST + index,
    timestamp: {
      seconds: timeOf(index),
      nanos: (index * 7_919_333) % 1_000_000_000,
      digits: 9,
    },
    level: LEVELS[index % 5]!,
    service: SERVICES[index % 3]!,
    machine_id: `m${index % 11}`,
    message: index % 10 === 0 ? 'tenth' : 'other',
    attributes: `{"status":${index % 4}}`,
  });
  // Some stand for several.
  return index % 6 === 0 ? { ...one, ...withSampleRate(one, 10) } : one;
});
const number = (of: readonly (typeof records)[number][]) =>
  of.reduce((sum, item) => sum + sampleRateOf(item), 0);
await insertRecords(clickhouse, records.slice(0, 1_500));
// One part has the projections, the other is counted row by row, as parts of an older release are.
await clickhouse.command('ALTER TABLE logs MODIFY SETTING materialize_projections_on_insert = 0');
await insertRecords(clickhouse, records.slice(1_500));
const store = new LogStore(clickhouse);
const limits = { settings: {} };

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
const FILTERS: Readonly<Record<string, FilterParameters>> = {
  'whole minutes': { from: iso(START + 60), to: iso(START + 6_000) },
  'minutes that are cut at both ends': { from: iso(START + 61.7), to: iso(START + 7_777.123) },
  'less than a minute': { from: iso(START + 10), to: iso(START + 50) },
  'two parts of minutes': { from: iso(START + 50), to: iso(START + 100) },
  'a service': { from: iso(START + 1), to: iso(START + 9_000), equal: { service: 'vllm' } },
  'levels and not a machine': {
    from: iso(START + 1),
    to: iso(START + 9_000),
    q: 'level:>=warn -machine_id:m3',
  },
  'no service': { from: iso(START + 1), to: iso(START + 9_000), q: '-service:*' },
  'a service that is like': { from: iso(START + 1), to: iso(START + 9_000), q: 'service:/l/' },
  'a word': { from: iso(START + 1), to: iso(START + 9_000), q: 'tenth' },
  'an attribute': { from: iso(START + 1), to: iso(START + 9_000), q: 'status:2' },
  'all of 1970 to 2100': { from: '1970-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' },
  'from a time on': { from: iso(START + 61.7) },
  'up to a time': { to: iso(START + 7_777.123), equal: { service: 'client' } },
  'from before 1970 on': { from: '1901-01-01T00:00:00Z' },
  'all time': {},
  'before 1970 too': { from: '1901-01-01T00:00:00Z', to: '2200-01-01T00:00:00Z' },
};

const WIDE = new Set([
  'all of 1970 to 2100',
  'from a time on',
  'up to a time',
  'from before 1970 on',
  'all time',
  'before 1970 too',
]);

for (const [name, parameters] of Object.entries(FILTERS)) {
  const filter = parseFilter(parameters);
  const selected = records.filter(filter.matches);

  t.test(`${name}: counts are those of the records`, async (t) => {
    t.ok(selected.length > 0, `${selected.length} records`);
    t.equal((await countLogs(store, filter, [], limits)).total, number(selected));
    const { total, groups } = await countLogs(store, filter, groupFields(['service', 'level']), limits);
    t.equal(total, number(selected));
    for (const { service, level, count } of groups) {
      const same = selected.filter((item) => item.service === service && item.level.toUpperCase() === level);
      t.equal(count, number(same), `${service} ${level}`);
    }
    const { facets } = await facetsOf(
      store,
      filter,
      groupFields(['machine_id', 'status', 'level']),
      3,
      limits,
    );
    for (const { value, count } of facets.machine_id!)
      t.equal(count, number(selected.filter(({ machine_id }) => machine_id === value)), `facet ${value}`);
    t.ok(facets.machine_id!.length <= 3);
    for (const { value, count } of facets.status!)
      t.equal(count, number(selected.filter(({ seq }) => String((seq - FIRST) % 4) === value)));
  });

  t.test(`${name}: a histogram has each record in its bucket`, async (t) => {
    for (const interval of [60_000_000_000n, 300_000_000_000n, 7_000_000_000n, undefined]) {
      // Over a hundred years there are too many of these.
      if (WIDE.has(name) && interval !== undefined) continue;
      const [by] = groupFields(['level']);
      const histogram = await histogramOf(store, { filter, interval, by, now: 0 }, limits);
      const starts = histogram.buckets.map(({ timestamp }) => Date.parse(timestamp));
      const step = starts.length > 1 ? starts[1]! - starts[0]! : Number.POSITIVE_INFINITY;
      const expected = starts.map((start) => {
        const inside = selected.filter(({ timestamp: { seconds, nanos } }) => {
          const time = seconds * 1000 + nanos / 1e6;
          return time >= start && time < start + step;
        });
        const counts: Record<string, number> = {};
        for (const item of inside) {
          const key = item.level.toUpperCase();
          counts[key] = (counts[key] ?? 0) + sampleRateOf(item);
        }
        return { total: number(inside), counts };
      });
      t.same(
        histogram.buckets.map(({ total, counts }) => ({ total, counts })),
        expected,
        `interval ${histogram.interval}`,
      );
      t.equal(
        histogram.buckets.reduce((sum, { total }) => sum + total, 0),
        number(selected),
        'none is left out',
      );
    }
  });
}

t.test('a projection answers where it can', async (t) => {
  const usesProjection = async (parameters: FilterParameters, ...by: string[]) => {
    const { sql, parameters: values } = countedRows('logs', parseFilter(parameters), groupFields(by));
    const plan = await clickhouse.query<[string]>(`EXPLAIN projections = 1 ${sql}`, { parameters: values });
    return plan.some(([line]) => /minutes|hours/.test(line));
  };
  const range = FILTERS['minutes that are cut at both ends']!;
  t.equal(await usesProjection(range, 'level'), true);
  t.equal(await usesProjection({ ...range, equal: { service: 'vllm' } }, 'machine_id'), true);
  t.equal(await usesProjection({ ...range, q: 'tenth' }, 'level'), false);
  t.equal(await usesProjection(range, 'status'), false);
});

t.test('a histogram of another field, and of nothing', async (t) => {
  const filter = parseFilter(FILTERS['whole minutes']!);
  const [by] = groupFields(['machine_id']);
  const { buckets } = await histogramOf(store, { filter, interval: undefined, by, now: 0 }, limits);
  const m4 = buckets.reduce((sum, { counts }) => sum + (counts.m4 ?? 0), 0);
  t.equal(m4, number(records.filter((item) => filter.matches(item) && item.machine_id === 'm4')));

  const nothing = parseFilter({ q: 'nothing-like-this' });
  t.same(
    (await histogramOf(store, { filter: nothing, interval: undefined, by, now: 0 }, limits)).buckets,
    [],
  );
  const empty = parseFilter({ ...FILTERS['whole minutes'], q: 'nothing-like-this' });
  const answer = await histogramOf(store, { filter: empty, interval: 60_000_000_000n, by, now: 0 }, limits);
  t.equal(answer.buckets.length, 99, 'empty buckets are there');
  await t.rejects(
    histogramOf(store, { filter, interval: 1_000_000n, by, now: 0 }, limits),
    /interval: expected a length that makes at most 10000 buckets, got 1ms/,
  );
});
