import type { RecordTable } from '../../../pipeline/store/sql.ts';
import { type GroupField, groupValue } from '../../query/group-field.ts';
import type { LogFilter } from '../../query/log-filter.ts';
import { adjustLimits, type QueryLimits } from '../../query/query-limits.ts';
import { countedRows } from '../../read/counted-rows.ts';

export interface Count {
  readonly total: number;
  /** The largest first. */
  readonly groups: readonly (Readonly<Record<string, string | number>> & { readonly count: number })[];
  /** Beyond the largest ones. */
  readonly groups_left_out: number;
  readonly records_left_out: number;
}

const MAX_GROUPS = 1_000;

/** Counts records, also by the values of one or several fields. */
export async function countLogs(
  { clickhouse, table }: RecordTable,
  filter: LogFilter,
  by: readonly GroupField[],
  limits: QueryLimits,
): Promise<Count> {
  const { sql, parameters, settings } = countedRows(table, filter, by);
  const columns = by.map((_, index) => `v${index}`);
  const rows = await clickhouse.query<(string | number)[]>(
    columns.length === 0
      ? `SELECT sum(records) FROM (${sql})`
      : `SELECT sum(records) AS found, sum(found) OVER (), count() OVER (), ${columns.join(', ')} FROM (${sql})
         GROUP BY ${columns.join(', ')} HAVING found > 0 ORDER BY found DESC, ${columns.join(', ')} LIMIT ${MAX_GROUPS}`,
    { parameters, ...adjustLimits(limits, settings) },
  );
  if (columns.length === 0)
    return { total: Number(rows[0]?.[0] ?? 0), groups: [], groups_left_out: 0, records_left_out: 0 };
  const total = Number(rows[0]?.[1] ?? 0);
  return {
    total,
    groups: rows.map(([count, , , ...values]) => ({
      ...Object.fromEntries(by.map((field, index) => [field.name, groupValue(field, values[index]!)])),
      count: Number(count),
    })),
    groups_left_out: Number(rows[0]?.[2] ?? 0) - rows.length,
    records_left_out: total - rows.reduce((sum, [count]) => sum + Number(count), 0),
  };
}
