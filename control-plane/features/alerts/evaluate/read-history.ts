import type { ClickHouse, QueryOptions, QueryParameters } from '../../../../pipeline/store/clickhouse.ts';
import { LOGS } from '../../../../pipeline/store/sql.ts';
import { groupFields } from '../../../query/group-field.ts';
import { parseFilter } from '../../../query/log-filter.ts';
import { countedRows } from '../../../read/counted-rows.ts';
import { type CompiledRule, measuredField } from '../rules/compile-rule.ts';
import type { PastSlot } from './anomaly-run.ts';
import { labelSql } from './label-sql.ts';

/** Groups whose history is read: those with the most records. The history of others begins now. */
const MAX_GROUPS = 300;
const NOT_FIELDS = new Set(['pattern', 'rank', 'arrival_lag']);

/**
 * Reads the values of an anomaly rule's groups slot by slot, from one time to another (seconds since 1970, full slots).
 * Counts come from the projection `minutes` where it has the fields, so that a month is read in milliseconds.
 */
export async function readHistory(
  clickhouse: ClickHouse,
  compiled: CompiledRule,
  from: number,
  to: number,
  options: Omit<QueryOptions, 'parameters'> = {},
): Promise<PastSlot[]> {
  const { rule, window, labels } = compiled;
  const field = measuredField(rule);
  const plain = labels.every((name) => rule.extract[name] === undefined && !NOT_FIELDS.has(name));
  const { sql, parameters } =
    field === undefined && plain ? countSlots(compiled, from, to) : measureSlots(compiled, field, from, to);
  const rows = await clickhouse.query<[string[], number[], number[]]>(
    `SELECT labels, groupArray(bucket), groupArray(value) FROM (${sql})
     GROUP BY labels ORDER BY count() DESC, sum(value) DESC LIMIT ${MAX_GROUPS}`,
    { ...options, parameters },
  );
  return rows.flatMap(([values, slots, numbers]) => {
    const group = JSON.stringify(values);
    return slots.map((slot, index) => ({ group, start: slot * window, value: numbers[index]! }));
  });
}

function countSlots({ rule, window, labels }: CompiledRule, from: number, to: number) {
  const filter = parseFilter({
    q: rule.query,
    from: new Date(from * 1000).toISOString(),
    to: new Date(to * 1000).toISOString(),
  });
  const counted = countedRows(LOGS, filter, groupFields(labels), {
    start: 0n,
    step: BigInt(window) * 1_000_000_000n,
  });
  const values = labels.map((_, index) => `toString(v${index})`);
  const group = values.length === 0 ? 'emptyArrayString()' : `[${values.join(', ')}]`;
  return {
    sql: `SELECT bucket, sum(records) AS value, ${group} AS labels FROM (${counted.sql}) GROUP BY bucket, labels`,
    parameters: counted.parameters,
  };
}

function measureSlots(
  { rule, window, labels, where, parameters }: CompiledRule,
  field: string | undefined,
  from: number,
  to: number,
) {
  const values = labels.map((name, index) => labelSql(name, rule.extract, `l${index}_`));
  const measured = field === undefined ? undefined : labelSql(field, rule.extract, 'm_');
  const number = measured && `toFloat64OrNull(${measured.sql})`;
  const value = number ? `quantile({level:Float64})(${number})` : 'toFloat64(sum(weight))';
  const enough = number ? ` HAVING count(${number}) >= {min_count:UInt32}` : '';
  const group = values.length === 0 ? 'emptyArrayString()' : `[${values.map(({ sql }) => sql).join(', ')}]`;
  return {
    sql: `SELECT intDiv(toUnixTimestamp64Milli(timestamp), {slot:Int64}) AS bucket, ${value} AS value, ${group} AS labels FROM logs
      WHERE timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        AND (${where}) GROUP BY bucket, labels${enough}`,
    parameters: Object.assign(
      { slot: window * 1000, from: from * 1000, to: to * 1000, level: rule.percentile / 100 },
      { min_count: Math.max(rule.min_count, 1) },
      parameters,
      measured?.parameters,
      ...values.map((value) => value.parameters),
    ) as QueryParameters,
  };
}
