import type { ClickHouse } from './clickhouse.ts';

/** The table of records. */
export const LOGS = 'logs';

/** Where records are read from: the table `logs`, or a view with the same columns. */
export interface RecordTable {
  readonly clickhouse: ClickHouse;
  readonly table: string;
}

/** A string literal, for what takes no parameters: definitions of tables and views, names of parts, settings. */
export function literal(text: string): string {
  return `'${text.toWellFormed().replace(/[\\']/g, '\\$&')}'`;
}
