import type { RecordTable } from '../../../pipeline/store/sql.ts';
import { type GroupField, groupValue } from '../../query/group-field.ts';
import type { LogFilter } from '../../query/log-filter.ts';
import { adjustLimits, type QueryLimits } from '../../query/query-limits.ts';
import { countedRows } from '../../read/counted-rows.ts';

export interface Count {
  readonly total: number;
  /** The largest first. */
  readonly groups: readonly (Readonly<Record<string, string | number>> & { readonly count: number })[];
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
      : `SELECT sum(records) AS found, sum(found) OVER (), ${columns.join(', ')} FROM (${sql})
         GROUP BY ${columns.join(', ')} ORDER BY found DESC, ${columns.join(', ')} LIMIT ${MAX_GROUPS}`,
    { parameters, ...adjustLimits(limits, settings) },
  );
  if (columns.length === 0) return { total: Number(rows[0]?.[0] ?? 0), groups: [] };
  return {
    total: Number(rows[0]?.[1] ?? 0),
    groups: rows.map(([count, , ...values]) => ({
      ...Object.fromEntries(by.map((field, index) => [field.name, groupValue(field, values[index]!)])),
      count: Number(count),
    })),
  };
}
