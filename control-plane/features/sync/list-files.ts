import { posix } from 'node:path';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { agentPath } from './log-path.ts';
import { fileKey, recordedFiles, type ServiceFile } from './services.ts';
import type { SourceFiles } from './source-files.ts';

/** A log file as `/logs` lists it. */
export interface LogFile {
  readonly filename: string;
  /** The `path` for `/logs/content` and `/logs/delete`. */
  readonly path: string;
  readonly size_bytes: number;
  /** RFC 3339; of a file that an agent shipped, the time of its newest record. */
  readonly modified_time: string;
  readonly service: string;
  readonly machine_id: string;
  /** Its path on its machine. */
  readonly file_path: string;
  readonly record_count: number;
}

/** Synced files from the disk, and files that agents shipped from their records, newest first. */
export async function listFiles(clickhouse: ClickHouse, sources: readonly SourceFiles[]): Promise<LogFile[]> {
  const synced = sources.flatMap((source) =>
    [...source.present()].map((file) => ({ ...describeFile(source, file), path: file.place })),
  );
  const known = new Set(synced.map(fileKey));
  const records = new Map<string, number>();
  const shipped: (ServiceFile & { path: string; record_count: number })[] = [];
  for (const file of await recordedFiles(clickhouse)) {
    const key = fileKey(file);
    records.set(key, (records.get(key) ?? 0) + file.record_count);
    if (file.file_path !== '' && !known.has(key)) {
      shipped.push({ ...file, path: agentPath(file.machine_id, file.file_path) });
    }
  }
  const files = [
    ...synced.map((file) => ({ ...file, record_count: records.get(fileKey(file)) ?? 0 })),
    ...shipped,
  ];
  return files
    .map(({ latest_modified, ...file }) => ({
      filename: posix.basename(file.path),
      modified_time: latest_modified,
      ...file,
    }))
    .sort((a, b) => compare(b.modified_time, a.modified_time) || compare(a.path, b.path));
}

/** The files of all sources, for the counts of services. */
export function syncedFiles(sources: readonly SourceFiles[]): ServiceFile[] {
  return sources.flatMap((source) => [...source.present()].map((file) => describeFile(source, file)));
}

function describeFile(source: SourceFiles, file: Parameters<SourceFiles['recordPath']>[0]): ServiceFile {
  return {
    service: file.service,
    machine_id: source.source.machineId,
    file_path: source.recordPath(file),
    size_bytes: file.size,
    latest_modified: new Date(file.modified).toISOString().replace('.000', ''),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
