import { ClickHouseError } from '../../../pipeline/store/clickhouse.ts';
import type { RecordTable } from '../../../pipeline/store/sql.ts';
import type { SqlFilter, TimeRange } from '../../query/log-filter.ts';

/**
 * Records of one slice. A statement of all columns in order opens each part of the table that it may need, with 3.5 MB a part: 47 parts
 * took 170 MB. A slice needs few parts, and costs 10 ms more than its 600 ms.
 */
const SLICE_ROWS = 250_000;
/** A bound, so that a filter with few results does not take thousands of statements. */
const MAX_SLICES = 200;

const SECOND = 1_000_000_000n;

/** Conditions that divide the time of a range into slices with about equally many records, the earliest first. */
export async function timeSlices(
  { clickhouse, table }: RecordTable,
  range: TimeRange,
  signal: AbortSignal,
  sliceRows = SLICE_ROWS,
): Promise<SqlFilter[]> {
  // Read from a projection. The counts may be wrong, for instance because of new records; each record is in one slice all the same.
  const reading = clickhouse.query<[number]>(
    `SELECT min(minute) FROM (
       SELECT minute, intDiv(sum(rows) OVER (ORDER BY minute),
         greatest({slice_rows:UInt64}, intDiv(sum(rows) OVER (), {max_slices:UInt64}))) AS slice
       FROM (SELECT toUnixTimestamp(toStartOfMinute(timestamp)) AS minute, count() AS rows FROM ${table} GROUP BY minute)
     ) GROUP BY slice ORDER BY slice`,
    { parameters: { slice_rows: sliceRows, max_slices: MAX_SLICES }, signal },
  );
  const minutes = await reading.catch((error: unknown) => {
    // Without the counts the whole time is one slice, which is slower and as complete.
    if (error instanceof ClickHouseError && error.damaged) return [];
    throw error;
  });
  const { from, to } = range;
  const cuts = minutes
    .map(([minute]) => BigInt(minute) * SECOND)
    .slice(1)
    .filter((cut) => (from === undefined || cut > from) && (to === undefined || cut < to));
  return [undefined, ...cuts].map((start, index) => between(start, cuts[index]));
}

function between(start: bigint | undefined, end: bigint | undefined): SqlFilter {
  const conditions = [
    start !== undefined && "timestamp >= fromUnixTimestamp64Nano({slice_start:Int64}, 'UTC')",
    end !== undefined && "timestamp < fromUnixTimestamp64Nano({slice_end:Int64}, 'UTC')",
  ].filter((condition) => condition !== false);
  return {
    where: conditions.join(' AND ') || 'true',
    parameters: {
      ...(start !== undefined && { slice_start: start }),
      ...(end !== undefined && { slice_end: end }),
    },
  };
}
