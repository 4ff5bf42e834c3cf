import t from 'tap';
import { backtest } from '../../../../../control-plane/features/alerts/evaluate/backtest.ts';
import { prefilterOf } from '../../../../../control-plane/features/alerts/evaluate/prefilter.ts';
import { readPartialAggregates } from '../../../../../control-plane/features/alerts/evaluate/read-partial-aggregates.ts';
import { planOf } from '../../../../../control-plane/features/alerts/evaluate/read-plan.ts';
import { compileRule } from '../../../../../control-plane/features/alerts/rules/compile-rule.ts';
import { parseRule } from '../../../../../control-plane/features/alerts/rules/rule.ts';
import type { StoredRecord } from '../../../../../pipeline/record/log-record.ts';
import { insertRecords, openStore, record } from '../../logs/analysed-store.ts';
import { readNewRecords } from '../read-new-records.ts';

const clickhouse = await openStore(t);
const START = Date.UTC(2026, 10, 2) / 1000;
let lastSeq = START * 1e6;

/** Records at seconds since the start, each arriving `lag` seconds later. */
function recordAt(second: number, fields: Partial<StoredRecord> = {}, lag = 0): StoredRecord {
  lastSeq = Math.max(lastSeq + 1, (START + second + lag) * 1e6);
  return record({ timestamp: { seconds: START + second, nanos: 0, digits: 3 }, ...fields, seq: lastSeq });
}

/** The transitions of a rule in these seconds, as `state second group value`. */
async function transitionsOf(rule: object, from: number, to: number): Promise<string[]> {
  const limits = { settings: {} };
  const transitions = await backtest(
    clickhouse,
    parseRule({ name: 'rule', ...rule }),
    START + from,
    START + to,
    limits,
  );
  return transitions.map(
    ({ state, at, group, value }) =>
      `${state} ${at - START} ${JSON.parse(group).join(',')} ${Number(value.toPrecision(3))}`,
  );
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

// Windows of a minute slide in pieces of two seconds.
t.test('counts, rates, shares, percentiles and distinct values', async (t) => {
  const api = { service: 'api', type: 'response' };
  await insertRecords(clickhouse, [
    ...range(20).map((index) => recordAt(100 + index, { ...api, level: 'info', attributes: '{"ms":100}' })),
    ...range(10).map((index) =>
      recordAt(200 + index, { ...api, level: 'error', attributes: `{"ms":9000,"user":"u${index}"}` }),
    ),
  ]);
  const errors = { query: 'level:error service:api', window: '60s' };
  t.same(await transitionsOf({ ...errors, kind: 'count', threshold: 4 }, 0, 600), [
    'firing 204  6',
    'resolved 264  4',
  ]);
  t.same(
    await transitionsOf({ ...errors, kind: 'count', threshold: 4, for: '30s', by: ['service'] }, 0, 600),
    ['pending 204 api 6', 'firing 234 api 8', 'resolved 264 api 4'],
  );
  t.same(await transitionsOf({ ...errors, kind: 'count', threshold: 4, for: '2m' }, 0, 600), [
    'pending 204  6',
    'cleared 264  4',
  ]);
  t.same(await transitionsOf({ ...errors, kind: 'rate', op: '>=', threshold: 0.1 }, 0, 600), [
    'firing 204  0.1',
    'resolved 264  0.0667',
  ]);
  t.same(
    await transitionsOf(
      { kind: 'share', query: 'level:error', of: 'service:api', window: '60s', threshold: 0.5, min_count: 5 },
      0,
      600,
    ),
    ['firing 204  1', 'resolved 264  1'],
  );
  t.same(
    await transitionsOf(
      { kind: 'percentile', field: 'ms', query: 'type:response', window: '60s', threshold: 5000 },
      0,
      600,
    ),
    ['firing 200  8950', 'resolved 268  0'],
  );
  t.same(
    await transitionsOf(
      { kind: 'distinct', field: 'user', query: 'user:*', window: '60s', threshold: 8 },
      0,
      600,
    ),
    ['firing 208  10', 'resolved 260  8'],
  );
});

t.test('absence fires when a group goes quiet, and ends when it is back', async (t) => {
  await insertRecords(clickhouse, [
    ...range(10).map((index) => recordAt(10_000 + index * 60, { machine_id: 'm1' })),
    ...range(30).map((index) => recordAt(10_000 + index * 60, { machine_id: 'm2' })),
    recordAt(11_500, { machine_id: 'm1' }),
  ]);
  t.same(
    await transitionsOf(
      { kind: 'absence', query: 'machine_id:m*', by: ['machine_id'], window: '5m' },
      10_000,
      12_000,
    ),
    ['firing 10840 m1 300', 'resolved 11500 m1 0', 'firing 11800 m1 300'],
  );
});

t.test('a message of a new pattern fires once the rule knows what is usual', async (t) => {
  const line = (second: number, message: string) =>
    recordAt(second, { level: 'error', service: 'vllm', message });
  await insertRecords(clickhouse, [
    ...range(100).map((index) => line(20_000 + index * 60, `request ${index} failed`)),
    line(20_100, 'seen while it learns 1'),
    ...range(3).map((index) => line(25_000 + index, `draft model returned ${index} tokens`)),
  ]);
  const rule = { kind: 'new_pattern', query: 'level:error service:vllm', by: ['service'], window: '10m' };
  t.same(await transitionsOf({ ...rule, op: '>=', threshold: 3 }, 20_000, 27_000), [
    'firing 25000 vllm,draft model returned <num> tokens 3',
    'resolved 25600 vllm,draft model returned <num> tokens 0',
  ]);
});

t.test('records that a machine sends late show in its lag', async (t) => {
  await insertRecords(
    clickhouse,
    range(60).map((index) => recordAt(30_000 + index * 5, { machine_id: 'm9' }, index < 20 ? 1 : 400)),
  );
  const rule = { kind: 'percentile', field: 'arrival_lag', percentile: 50, query: 'machine_id:m9' };
  const [first] = await transitionsOf(
    { ...rule, window: '1m', threshold: 180, min_count: 5 },
    30_000,
    30_400,
  );
  t.match(first, /^firing 301\d\d {2}40\d$/);
});

t.test('the stream gives every rule what the store gives it', async (t) => {
  const levels = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
  const after = lastSeq;
  await insertRecords(
    clickhouse,
    range(400).map((index) =>
      recordAt(40_000 + index * 7, {
        level: levels[Math.floor(index / 3) % 5]!,
        service: `s${index % 3}`,
        machine_id: index % 4 === 0 ? '' : `m${index % 4}`,
        type: index % 6 === 0 ? 'response' : '',
        job_id: `j${index % 2}`,
        message: index % 10 === 0 ? `[rank${index % 8}]: Boom ${index} Größenwahn` : `all is well ${index}`,
        attributes: index % 3 === 0 ? `{"ms":${index}.5,"deep":{"x":"y${index % 2}"}}` : '{}',
      }),
    ),
  );
  const rules = [
    { kind: 'count', query: 'level:>=error', by: ['service', 'level'] },
    { kind: 'count', query: '-service:s1 (level:warn OR machine_id:m2)', by: ['machine_id'] },
    { kind: 'rate', threshold: 1 },
    { kind: 'share', query: 'level:error', of: 'service:s1 OR service:s2', by: ['service'], threshold: 0.5 },
    { kind: 'absence', query: 'machine_id:*', by: ['machine_id'] },
    { kind: 'anomaly', query: 'level:>=warn', by: ['service'] },
    { kind: 'count', query: 'boom level:>=warn', by: ['job_id', 'rank'] },
    { kind: 'count', query: 'größenwahn', by: ['deep.x', 'nr'], extract: { nr: 'Boom ([0-9]+)' } },
    { kind: 'distinct', field: 'deep.x', query: 'level:error', threshold: 1 },
    { kind: 'percentile', field: 'ms', query: 'level:>=warn ms:*', by: ['service'], threshold: 1 },
    { kind: 'share', query: 'boom', of: 'level:error', by: ['service'], threshold: 0.5 },
    { kind: 'percentile', field: 'ms', query: 'level:>=warn', by: ['service'], threshold: 1 },
    { kind: 'percentile', field: 'arrival_lag', query: '-service:s1', by: ['machine_id'], threshold: 1 },
    { kind: 'anomaly', query: 'level:>=warn', by: ['pattern', 'service'] },
    { kind: 'new_pattern', query: 'level:error', by: ['machine_id'] },
  ].map((rule, index) => compileRule(parseRule({ name: `rule-${index}`, ...rule })));
  const upTo = lastSeq;
  const stream = await readNewRecords(clickhouse, rules, after, upTo);
  for (const [index, compiled] of rules.entries()) {
    const stored = await readPartialAggregates(clickhouse, compiled, { by: 'sequence', after, upTo }, 1);
    const sum = (aggregates: readonly { group: string; at: number; item: string; count: number }[]) => {
      const sums: Record<string, number> = {};
      for (const { group, at, item, count } of aggregates) {
        const key = `${at} ${group} ${item}`;
        sums[key] = (sums[key] ?? 0) + count;
      }
      return sums;
    };
    t.ok(planOf(compiled).kind === 'counted' || prefilterOf(compiled.query), compiled.rule.name);
    t.ok(stored.length > 0);
    t.same(sum(stream.get(index) ?? []), sum(stored), `${compiled.rule.name}: ${compiled.rule.kind}`);
  }
});
