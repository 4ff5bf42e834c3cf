import type { RecordTable } from '../../../pipeline/store/sql.ts';
import { type GroupField, groupValue } from '../../query/group-field.ts';
import type { LogFilter } from '../../query/log-filter.ts';
import { adjustLimits, type QueryLimits } from '../../query/query-limits.ts';
import { countedRows } from '../../read/counted-rows.ts';

/** By field: its most frequent values, the most frequent first; records without the field do not count. */
export interface Facets {
  readonly facets: Readonly<Record<string, readonly { readonly value: string; readonly count: number }[]>>;
  /** By field, where it has more values. */
  readonly left_out: Readonly<Record<string, { readonly values: number; readonly records: number }>>;
  readonly groups_left_out: number;
  readonly records_left_out: number;
}

/** Counts the values of several fields in one pass over the records. */
export async function facetsOf(
  { clickhouse, table }: RecordTable,
  filter: LogFilter,
  fields: readonly GroupField[],
  limit: number,
  limits: QueryLimits,
): Promise<Facets> {
  const { sql, parameters, settings } = countedRows(table, filter, fields);
  const sets = fields.map((_, index) => `(v${index})`).join(', ');
  const which = `multiIf(${fields.map((_, index) => `grouping(v${index}) = 0, ${index}`).join(', ')}, 0)`;
  const value = `multiIf(${fields.map((_, index) => `field = ${index}, toString(v${index})`).join(', ')}, '')`;
  const rows = await clickhouse.query<
    [field: number, value: string, count: number, values: number, records: number]
  >(
    `SELECT field, value, found, count() OVER (PARTITION BY field), sum(found) OVER (PARTITION BY field) FROM (
       SELECT ${which} AS field, ${value} AS value, sum(records) AS found FROM (${sql})
       GROUP BY GROUPING SETS (${sets}) HAVING value != '' AND found > 0)
     ORDER BY field, found DESC, value LIMIT ${limit} BY field`,
    { parameters, ...adjustLimits(limits, settings) },
  );
  const facets: [string, { value: string; count: number }[]][] = [];
  const leftOut: [string, { values: number; records: number }][] = [];
  for (const [index, field] of fields.entries()) {
    const own = rows.filter(([of]) => of === index);
    facets.push([
      field.name,
      own.map(([, text, count]) => ({ value: groupValue(field, text), count: Number(count) })),
    ]);
    const [, , , values, records] = own[0] ?? [index, '', 0, 0, 0];
    const shown = own.reduce((sum, [, , count]) => sum + Number(count), 0);
    if (Number(values) > own.length)
      leftOut.push([field.name, { values: Number(values) - own.length, records: Number(records) - shown }]);
  }
  return {
    facets: Object.fromEntries(facets),
    left_out: Object.fromEntries(leftOut),
    groups_left_out: leftOut.reduce((sum, [, { values }]) => sum + values, 0),
    records_left_out: leftOut.reduce((sum, [, { records }]) => sum + records, 0),
  };
}
