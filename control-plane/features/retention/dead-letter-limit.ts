import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { alterTable } from '../../../pipeline/store/statement.ts';
import { bytesByTable } from './bytes-by-table.ts';

/** Share of the limit down to which letters are removed, so that it is not needed every minute. */
const TARGET = 0.9;
/** Estimated bytes of a letter beside its content. */
const LETTER_BYTES = 200;
const TABLES = ['dead_letter_pieces', 'dead_letters'] as const;

/**
 * Removes the oldest dead letters where all of them take more than `limit` bytes on the disk: as many complete letters as exceed the
 * limit.
 * @returns number of removed letters
 */
export async function keepLettersWithin(
  clickhouse: ClickHouse,
  limit: number,
  signal: AbortSignal,
): Promise<number> {
  const bytes = lettersIn(await bytesByTable(clickhouse));
  if (bytes <= limit) return 0;
  // The disk has compressed data, so the size of a content only shows its share of it.
  const sizes = `SELECT seq, toUInt64(content_bytes + ${LETTER_BYTES}) AS size FROM dead_letters`;
  const [[before, total] = [0, 0]] = await clickhouse.query<[number, number]>(
    `SELECT count(), sum(size) FROM (${sizes})`,
    { signal },
  );
  const [[last] = [0]] = await clickhouse.query<[number]>(
    `SELECT max(seq) FROM
       (SELECT seq, sum(size) OVER (ORDER BY seq DESC ROWS UNBOUNDED PRECEDING) AS newer FROM (${sizes}))
     WHERE newer > {keep:UInt64}`,
    { parameters: { keep: Math.floor((total * limit * TARGET) / bytes) }, signal },
  );
  for (const table of TABLES) {
    await clickhouse.command(alterTable(table, 'DELETE WHERE seq <= {last:UInt64}'), {
      parameters: { last },
      settings: { mutations_sync: 1 },
      signal,
    });
  }
  const [[left] = [0]] = await clickhouse.query<[number]>('SELECT count() FROM dead_letters', { signal });
  return before - left;
}

/** Bytes of all dead letters. */
export function lettersIn(bytes: ReadonlyMap<string, number>): number {
  return TABLES.reduce((sum, table) => sum + (bytes.get(table) ?? 0), 0);
}
