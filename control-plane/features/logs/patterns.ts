import type { QueryParameters } from '../../../pipeline/store/clickhouse.ts';
import type { RecordTable } from '../../../pipeline/store/sql.ts';
import type { LogFilter } from '../../query/log-filter.ts';
import { MESSAGE_PATTERN, textOfPattern } from '../../query/message-pattern.ts';
import { messageHolds } from '../../query/message-sql.ts';
import { adjustLimits, type QueryLimits } from '../../query/query-limits.ts';
import { SqlParameters } from '../../query/sql-parameters.ts';
import { countedRows } from '../../read/counted-rows.ts';

export interface Pattern {
  readonly pattern: string;
  /** Number of records; scaled up where only a sample was read. */
  readonly count: number;
  /** Share of all records of the range, 0 … 1. */
  readonly share: number;
  /** The most frequent level. */
  readonly level: string;
  /** RFC 3339. */
  readonly first_seen: string;
  readonly last_seen: string;
  /** True where no record of the filter had the pattern before the range; always false without `from`. */
  readonly is_new: boolean;
  readonly sample: string;
}

export interface Patterns {
  /** The most frequent first. */
  readonly patterns: readonly Pattern[];
  readonly total: number;
  /** Number of records that were read. */
  readonly sampled: number;
}

/** Records of a sample: a pattern takes the engine 1 µs a record on one core, and a sample still shows shares of a thousandth well. */
const MAX_SAMPLE = 200_000;
const TIME = "'%Y-%m-%dT%H:%i:%S.%fZ', 'UTC'";

/**
 * Groups messages by pattern. The engine does it, beside the event loop and on records that never leave it, which costs less
 * than to fetch them.
 */
export async function patternsOf(
  records: RecordTable,
  filter: LogFilter,
  limit: number,
  limits: QueryLimits,
): Promise<Patterns> {
  const { total, stored } = await countBoth(records, filter, limits);
  const every = Math.max(1, Math.ceil(stored / MAX_SAMPLE));
  const sample = every === 1 ? '' : ` AND cityHash64(seq) % ${every} = 0`;
  const rows = await records.clickhouse.query<
    [string, number, number, number, string, string, string, string]
  >(
    `SELECT ${MESSAGE_PATTERN} AS pattern, sum(weight) AS found, sum(found) OVER (), sum(count()) OVER (),
       upper(topKWeighted(1)(toString(level), weight)[1]),
       formatDateTime(min(timestamp), ${TIME}), formatDateTime(max(timestamp), ${TIME}), any(message)
     FROM ${records.table} WHERE ${filter.where}${sample} GROUP BY pattern ORDER BY found DESC, pattern LIMIT ${limit}`,
    { parameters: filter.parameters, ...limits },
  );
  const found = Number(rows[0]?.[2] ?? 0);
  const patterns = rows.map(([pattern]) => pattern);
  const known = await patternsBefore(records, filter, patterns, limits);
  return {
    patterns: rows.map(([pattern, count, , , level, first_seen, last_seen, message]) => ({
      pattern,
      count: every === 1 ? Number(count) : Math.round((Number(count) / found) * total),
      share: Number(count) / found,
      level,
      first_seen,
      last_seen,
      is_new: filter.range.from !== undefined && !known.has(pattern),
      sample: message,
    })),
    total,
    sampled: Number(rows[0]?.[3] ?? 0),
  };
}

/** The number of records that were sent, and of those that are stored (fewer where some are sampled away). */
async function countBoth(
  { clickhouse, table }: RecordTable,
  filter: LogFilter,
  limits: QueryLimits,
): Promise<{ total: number; stored: number }> {
  const { sql, parameters, settings } = countedRows(table, filter, []);
  const [[total, stored] = [0, 0]] = await clickhouse.query<[number, number]>(
    `SELECT sum(records), sum(stored) FROM (${sql})`,
    { parameters, ...adjustLimits(limits, settings) },
  );
  return { total: Number(total), stored: Number(stored) };
}

/** The patterns that records of the filter had before its range. */
async function patternsBefore(
  { clickhouse, table }: RecordTable,
  { range, rest, parameters }: LogFilter,
  patterns: readonly string[],
  limits: QueryLimits,
): Promise<ReadonlySet<string>> {
  if (range.from === undefined || patterns.length === 0) return new Set();
  const before = `${rest.where} AND timestamp < fromUnixTimestamp64Nano({before:Int64}, 'UTC')`;
  const find = async (sql: string, more: QueryParameters) => {
    const options = { ...limits, parameters: { ...parameters, before: range.from!, ...more } };
    return (await clickhouse.query<[string]>(sql, options)).map(([pattern]) => pattern);
  };
  // Nearly all patterns are found among the records right before the range.
  const known = new Set(
    await find(
      `SELECT DISTINCT ${MESSAGE_PATTERN} AS pattern FROM
         (SELECT message FROM ${table} WHERE ${before} ORDER BY timestamp DESC LIMIT ${MAX_SAMPLE})
       WHERE has({patterns:Array(String)}, pattern)`,
      { patterns },
    ),
  );
  const missing = patterns.filter((pattern) => !known.has(pattern));
  if (missing.length === 0) return known;
  // The others are searched in all records, through the indexes of messages.
  const texts = new SqlParameters('text');
  const conditions = missing.map((pattern) => messageHolds(textOfPattern(pattern), texts));
  const found = await find(
    `SELECT DISTINCT ${MESSAGE_PATTERN} AS pattern FROM ${table}
     WHERE ${before} AND (${conditions.join(' OR ')}) AND has({missing:Array(String)}, pattern)`,
    { missing, ...texts.values },
  );
  return new Set([...known, ...found]);
}
