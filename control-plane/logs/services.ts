import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';

/** A log file with the service that it, or a part of its records, is sorted into. */
export interface ServiceFile {
  readonly service: string;
  readonly machine_id: string;
  /** '' stands for all records without a file. */
  readonly file_path: string;
  readonly size_bytes: number;
  /** RFC 3339. */
  readonly latest_modified: string;
}

/** A file as its records tell: the size is that of their text, with a line break each. */
export interface RecordedFile extends ServiceFile {
  readonly record_count: number;
}

/** What is stored of one service. */
export interface ServiceStats {
  readonly service: string;
  /** Log files, told apart by machine and path. */
  readonly file_count: number;
  readonly total_size_bytes: number;
  readonly latest_modified: string;
  readonly record_count: number;
}

/** The files that have records. Answered from the projection `hours`, without reading a record. */
export async function recordedFiles(clickhouse: ClickHouse): Promise<RecordedFile[]> {
  const rows = await clickhouse.query<[string, string, string, number, string, number]>(`
    SELECT service, machine_id, file_path, sum(length(message)) + count(),
      formatDateTime(max(timestamp), '%Y-%m-%dT%H:%i:%SZ', 'UTC'), count()
    FROM logs GROUP BY service, machine_id, file_path`);
  return rows.map(([service, machine_id, file_path, size_bytes, latest_modified, record_count]) => ({
    service,
    machine_id,
    file_path,
    size_bytes,
    latest_modified,
    record_count,
  }));
}

/** Names a file among those of all machines. */
export function fileKey({ machine_id, file_path }: Pick<ServiceFile, 'machine_id' | 'file_path'>): string {
  return `${machine_id}\0${file_path}`;
}

/** Services that have files or records, by name. @param onDisk files whose size and time the disk knows better */
export async function serviceStats(
  clickhouse: ClickHouse,
  onDisk: readonly ServiceFile[],
): Promise<ServiceStats[]> {
  const known = new Set(onDisk.map(fileKey));
  const stats = new Map<string, ServiceStats>();
  const add = (file: ServiceFile, files: number, records: number) => {
    const { service, size_bytes, latest_modified } = file;
    const sum = stats.get(service);
    const latest = sum && sum.latest_modified > latest_modified ? sum.latest_modified : latest_modified;
    stats.set(service, {
      service,
      file_count: (sum?.file_count ?? 0) + files,
      total_size_bytes: (sum?.total_size_bytes ?? 0) + size_bytes,
      latest_modified: latest,
      record_count: (sum?.record_count ?? 0) + records,
    });
  };
  for (const file of onDisk) add(file, 1, 0);
  for (const file of await recordedFiles(clickhouse)) {
    if (known.has(fileKey(file))) add({ ...file, size_bytes: 0, latest_modified: '' }, 0, file.record_count);
    else add(file, file.file_path === '' ? 0 : 1, file.record_count);
  }
  return [...stats.values()].sort((a, b) => (a.service < b.service ? -1 : 1));
}
