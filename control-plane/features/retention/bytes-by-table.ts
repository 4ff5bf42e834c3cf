import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { globalTable } from '../../../pipeline/store/statement.ts';

/** Bytes of each table on the disk. */
export async function bytesByTable(clickhouse: ClickHouse): Promise<ReadonlyMap<string, number>> {
  const rows = await clickhouse.query<[string, number]>(
    `SELECT table, sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table`,
  );
  return new Map(rows.map(([table, bytes]) => [globalTable(table), Number(bytes)]));
}

export function sumOf(bytes: ReadonlyMap<string, number>): number {
  return Array.from(bytes.values()).reduce((sum, each) => sum + each, 0);
}
