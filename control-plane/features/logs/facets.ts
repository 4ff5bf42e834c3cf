import type { RecordTable } from '../../../pipeline/store/sql.ts';
import { type GroupField, groupValue } from '../../query/group-field.ts';
import type { LogFilter } from '../../query/log-filter.ts';
import { adjustLimits, type QueryLimits } from '../../query/query-limits.ts';
import { countedRows } from '../../read/counted-rows.ts';

/** By field: its most frequent values, the most frequent first; records without the field are left out. */
export type Facets = Readonly<Record<string, readonly { readonly value: string; readonly count: number }[]>>;

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
  const rows = await clickhouse.query<[field: number, value: string, count: number]>(
    `SELECT ${which} AS field, ${value} AS value, sum(records) AS found FROM (${sql})
     GROUP BY GROUPING SETS (${sets}) HAVING value != ''
     ORDER BY field, found DESC, value LIMIT ${limit} BY field`,
    { parameters, ...adjustLimits(limits, settings) },
  );
  return Object.fromEntries(
    fields.map((field, index) => [
      field.name,
      rows
        .filter(([of]) => of === index)
        .map(([, text, count]) => ({ value: groupValue(field, text), count: Number(count) })),
    ]),
  );
}
