import type { ClickHouse, QueryParameters } from '../../pipeline/store/clickhouse.ts';
import type { QueryLimits } from './query-limits.ts';
import type { SqlFilter } from './sql-filter.ts';

/** A field to group by: its name in answers and its SQL expression, which holds no foreign text. */
export interface GroupField {
  readonly name: string;
  readonly sql: string;
  readonly parameters: QueryParameters;
}

export interface Count {
  readonly total: number;
  /** The largest first. */
  readonly groups: readonly (Readonly<Record<string, string | number>> & { readonly count: number })[];
}

const MAX_GROUPS = 1_000;

/** Counts records, also by the values of one or several fields. */
export async function countLogs(
  clickhouse: ClickHouse,
  filter: SqlFilter,
  by: readonly GroupField[],
  limits: QueryLimits,
): Promise<Count> {
  const parameters = Object.assign({}, filter.parameters, ...by.map((field) => field.parameters));
  const columns = by.map(({ sql }) => sql);
  const rows = await clickhouse.query<(string | number)[]>(
    columns.length === 0
      ? `SELECT count() FROM logs WHERE ${filter.where}`
      : `SELECT ${columns.join(', ')}, count(), sum(count()) OVER () FROM logs WHERE ${filter.where}
         GROUP BY ${columns.join(', ')} ORDER BY count() DESC LIMIT ${MAX_GROUPS}`,
    { parameters, ...limits },
  );
  if (columns.length === 0) return { total: Number(rows[0]?.[0] ?? 0), groups: [] };
  return {
    total: Number(rows[0]?.[by.length + 1] ?? 0),
    groups: rows.map((row) => ({
      ...Object.fromEntries(by.map(({ name }, index) => [name, row[index]!])),
      count: Number(row[by.length]),
    })),
  };
}
