import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';

/** What is stored of one service. */
export interface ServiceStats {
  readonly service: string;
  /** Log files, told apart by machine and path. */
  readonly file_count: number;
  /** Text of the records, with a line break each. */
  readonly total_size_bytes: number;
  /** RFC 3339, time of the newest record. */
  readonly latest_modified: string;
  readonly record_count: number;
}

/** Services that have records, by name. Answered from the projection `minutes`, without reading a record. */
export async function serviceStats(clickhouse: ClickHouse): Promise<ServiceStats[]> {
  const rows = await clickhouse.query<[string, number, number, string, number]>(`
    SELECT service, uniqExactIf((machine_id, file_path), file_path != ''), sum(length(message)) + count(),
      formatDateTime(max(timestamp), '%Y-%m-%dT%H:%i:%SZ', 'UTC'), count()
    FROM logs GROUP BY service ORDER BY service`);
  return rows.map(([service, file_count, total_size_bytes, latest_modified, record_count]) => ({
    service,
    file_count,
    total_size_bytes,
    latest_modified,
    record_count,
  }));
}
