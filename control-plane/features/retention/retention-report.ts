import { formatTimestamp } from '../../../pipeline/record/timestamp.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { lifetimeHours, type Retention } from '../../../pipeline/store/retention.ts';
import type { QueryLimits } from '../../query/query-limits.ts';
import { bytesByTable, sumOf } from './bytes-by-table.ts';

export interface RetentionReport {
  /** In the order in which they are tried; the last two are RETENTION_DAYS and ERROR_RETENTION_DAYS. */
  readonly rules: readonly { service?: readonly string[]; level?: readonly string[]; days: number }[];
  readonly disk: {
    readonly bytes: number;
    readonly max_bytes: number | null;
    readonly bytes_per_record: number;
    /** When the limit is reached at the rate of the last day; null where it is not reached or there is no limit. */
    readonly limit_reached_at: string | null;
  };
  /** The largest first. */
  readonly groups: readonly RetentionGroup[];
}

export interface RetentionGroup {
  readonly service: string;
  readonly level: string;
  readonly days: number;
  readonly records: number;
  /** Estimated by the number of records. */
  readonly bytes: number;
  /** Arrival of the oldest record. */
  readonly oldest: string;
  /** When it expires by age; the disk limit may delete it earlier. */
  readonly first_expires_at: string;
  readonly expiring_in_24h: number;
  readonly expiring_in_7d: number;
}

const MAX_GROUPS = 1_000;
const DAY = 86_400_000_000;
const HOUR = DAY / 24;
/** The last time with a year of four digits, in microseconds since 1970. */
const LAST_TIME = Date.UTC(10_000, 0) * 1000;

type Row = [
  service: string,
  level: string,
  hours: number,
  records: number,
  oldest: number,
  newest: number,
  day: number,
  week: number,
  fresh: number,
];

/** Reports what is kept for how long, and when it is removed. @param now milliseconds since 1970 */
export async function retentionReport(
  clickhouse: ClickHouse,
  retention: Retention,
  maxBytes: number | undefined,
  now: number,
  limits: QueryLimits,
): Promise<RetentionReport> {
  const bytes = sumOf(await bytesByTable(clickhouse));
  const rows = await clickhouse.query<Row>(
    `SELECT service, toString(level), ${lifetimeHours(retention)} AS hours, count() AS records, min(seq), max(seq),
       countIf(seq + hours * ${HOUR} < {now:UInt64} + ${DAY}), countIf(seq + hours * ${HOUR} < {now:UInt64} + ${7 * DAY}),
       countIf(seq > {now:UInt64} - ${DAY})
     FROM logs GROUP BY service, level, hours ORDER BY records DESC, service, level`,
    { parameters: { now: now * 1000 }, ...limits },
  );
  const records = rows.reduce((sum, row) => sum + row[3], 0);
  const perRecord = records === 0 ? 0 : bytes / records;
  const perDay = rows.reduce((sum, row) => sum + row[8], 0) * perRecord;
  const reached = now * 1000 + (((maxBytes ?? 0) - bytes) / perDay) * DAY;
  const { days, errorDays, rules = [] } = retention;
  return {
    rules: [
      ...rules.map(({ service, level, days }) => ({
        ...(service && { service }),
        ...(level && { level }),
        days,
      })),
      { level: ['error', 'fatal'], days: errorDays },
      { days },
    ],
    disk: {
      bytes,
      max_bytes: maxBytes ?? null,
      bytes_per_record: Math.round(perRecord * 10) / 10,
      limit_reached_at:
        maxBytes === undefined || bytes > maxBytes || !(reached < LAST_TIME) ? null : timeText(reached),
    },
    groups: rows.slice(0, MAX_GROUPS).map(([service, level, hours, count, oldest, , day, week]) => ({
      service,
      level: level.toUpperCase(),
      days: hours / 24,
      records: count,
      bytes: Math.round(count * perRecord),
      oldest: timeText(oldest),
      first_expires_at: timeText(oldest + hours * HOUR),
      expiring_in_24h: day,
      expiring_in_7d: week,
    })),
  };
}

function timeText(microseconds: number): string {
  return formatTimestamp({ seconds: Math.floor(microseconds / 1e6), nanos: 0, digits: 0 });
}
