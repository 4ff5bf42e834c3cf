import type { Session } from 'chdb';
import { ClickHouseError, type QueryOptions } from './clickhouse.ts';
import { literal } from './sql.ts';

/**
 * Runs a statement in a session. A statement that fails leaves its output so far to the session's next statement (measured: rows of a
 * cancelled search in the result of another query), so a statement without a result follows to drop that output.
 */
export async function execute(session: Session, sql: string, format: string) {
  try {
    return await session.queryAsync(sql, { format });
  } catch (error) {
    await session.queryAsync('SELECT 1', { format: 'Null' }).catch(() => {});
    throw error;
  }
}

export function withSettings(sql: string, settings: QueryOptions['settings']): string {
  const pairs = Object.entries(settings ?? {}).map(
    ([name, value]) => `${name} = ${typeof value === 'number' ? value : literal(value)}`,
  );
  return pairs.length === 0 ? sql : `${sql} SETTINGS ${pairs.join(', ')}`;
}

export function toClickHouseError(error: unknown): ClickHouseError {
  if (error instanceof ClickHouseError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { clickhouseCode?: unknown } | undefined)?.clickhouseCode;
  return new ClickHouseError(message, typeof code === 'number' ? code : undefined, error);
}
