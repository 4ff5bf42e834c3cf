import type { Session } from 'chdb';
import { ClickHouseError, type QueryOptions, type QueryParameters } from './clickhouse.ts';
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

/**
 * `SET param_name = '…', …` for the parameters of a statement, to be run in its session first. The engine's own binding serves one
 * parameterized query at a time in the whole process, so one slow search would hold up all others. Settings belong to their
 * session (500 interleaved queries on two sessions: none mixed up).
 */
export function setParameters(parameters: QueryParameters = {}): string {
  const pairs = Object.entries(parameters).map(
    ([name, value]) => `param_${name} = ${literal(toText(value))}`,
  );
  return pairs.length === 0 ? '' : `SET ${pairs.join(', ')}; `;
}

/** A value as ClickHouse reads it for its type: text in the escaped form of TSV, arrays with quoted elements. */
function toText(value: QueryParameters[string]): string {
  if (typeof value === 'string') return value.replace(ESCAPED, (character) => ESCAPES[character]!);
  if (typeof value === 'object') return `[${value.map(literal).join(',')}]`;
  return String(value);
}

const ESCAPED = /[\\\n\t\r\0\b\f]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
};

export function toClickHouseError(error: unknown): ClickHouseError {
  if (error instanceof ClickHouseError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { clickhouseCode?: unknown } | undefined)?.clickhouseCode;
  return new ClickHouseError(message, typeof code === 'number' ? code : undefined, error);
}
