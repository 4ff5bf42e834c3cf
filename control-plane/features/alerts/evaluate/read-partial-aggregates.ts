import { LogplaneError } from '../../../../pipeline/runtime/errors.ts';
import type { ClickHouse, QueryOptions, QueryParameters } from '../../../../pipeline/store/clickhouse.ts';
import { type CompiledRule, measuredField, measuresNumbers } from '../rules/compile-rule.ts';
import { labelSql } from './label-sql.ts';
import { binSql, type PartialAggregate } from './partial-aggregate.ts';

/** A range of a rule's records: behind one sequence number up to another, or of their own time in seconds since 1970. */
export type RecordRange =
  | { readonly by: 'sequence'; readonly after: number; readonly upTo: number }
  | { readonly by: 'time'; readonly from: number; readonly to: number; readonly upTo?: number };

/** Records that are older than this on arrival count as imported history and are not evaluated live. */
export const LATEST_SECONDS = 3_600;
/** A group's values are cut to this many characters. */
export const LABEL_CHARACTERS = 200;
const MAX_ROWS = 500_000;

/** Seconds since 1970, of the record's own time. */
export const OWN_SECOND = 'toInt64(toUnixTimestamp64Milli(timestamp) / 1000)';
export const ARRIVAL_SECOND = 'toInt64(seq / 1000000)';

/**
 * Reads the partial aggregates of a rule's records with one statement, oldest first: for backtests, for the windows of a rule that
 * starts, and for rules with a reader of their own.
 *
 * @throws LogplaneError `resource_exhausted`
 */
export async function readPartialAggregates(
  clickhouse: ClickHouse,
  compiled: CompiledRule,
  range: RecordRange,
  step: number,
  options: Omit<QueryOptions, 'parameters'> = {},
): Promise<PartialAggregate[]> {
  const { rule, labels, where, part, parameters } = compiled;
  const values = labels.map((name, index) => labelSql(name, rule.extract, `l${index}_`));
  const field = measuredField(rule);
  const measured = field === undefined ? undefined : labelSql(field, rule.extract, 'm_');
  const group = values.map(({ sql }) => `substringUTF8(${sql}, 1, ${LABEL_CHARACTERS})`);
  const item = itemSql(compiled, part?.where, measured?.sql);
  const second = secondSql(compiled, range);
  const { condition, bounds } = rangeSql(compiled, range);
  const rows = await clickhouse.query<[number, string | null, number, string[]]>(
    `SELECT intDiv(${second}, {step:Int64}) * {step:Int64} AS at, ${item} AS item, sum(weight) AS found,
       ${group.length === 0 ? 'emptyArrayString()' : `[${group.join(', ')}]`} AS labels
     FROM logs WHERE ${condition} AND (${where}) GROUP BY at, item, labels
     HAVING item IS NOT NULL ORDER BY at LIMIT ${MAX_ROWS}`,
    {
      ...options,
      parameters: Object.assign(
        { step, ...bounds, ...parameters, ...measured?.parameters },
        ...values.map((value) => value.parameters),
      ) as QueryParameters,
    },
  );
  if (rows.length === MAX_ROWS) {
    throw new LogplaneError(
      'resource_exhausted',
      `the rule ${rule.name} makes more than ${MAX_ROWS} values in this time; group by fewer fields, or select fewer records`,
    );
  }
  return rows.map(([at, itemText, count, labelValues]) => ({
    group: JSON.stringify(labelValues),
    at,
    item: itemText!,
    count,
  }));
}

function itemSql({ rule }: CompiledRule, part: string | undefined, measured: string | undefined): string {
  if (part !== undefined) return `if(${part}, '1', '')`;
  if (measured === undefined) return "''";
  return measuresNumbers(rule) ? binSql(measured) : `substringUTF8(${measured}, 1, ${LABEL_CHARACTERS})`;
}

/** A record counts at its own time, for absence at its arrival, so that a machine with a wrong clock does not look silent. */
function secondSql({ rule }: CompiledRule, range: RecordRange): string {
  if (range.by === 'time') return OWN_SECOND;
  return rule.kind === 'absence' ? ARRIVAL_SECOND : `least(${OWN_SECOND}, ${ARRIVAL_SECOND})`;
}

function rangeSql(
  { rule }: CompiledRule,
  range: RecordRange,
): { condition: string; bounds: QueryParameters } {
  if (range.by === 'sequence') {
    const recent =
      rule.kind === 'absence' ? '' : ` AND ${OWN_SECOND} >= ${ARRIVAL_SECOND} - ${LATEST_SECONDS}`;
    return {
      condition: `seq > {after:UInt64} AND seq <= {up_to:UInt64}${recent}`,
      bounds: { after: range.after, up_to: range.upTo },
    };
  }
  const upTo = range.upTo === undefined ? '' : ' AND seq <= {up_to:UInt64}';
  return {
    condition: `timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')${upTo}`,
    bounds: {
      from: range.from * 1000,
      to: range.to * 1000,
      ...(range.upTo !== undefined && { up_to: range.upTo }),
    },
  };
}
