import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';

/** A log file with the service of the file, or of a part of its records. */
export interface ServiceFile {
  readonly service: string;
  readonly machine_id: string;
  /** '' stands for all records without a file. */
  readonly file_path: string;
  readonly size_bytes: number;
  /** RFC 3339. */
  readonly latest_modified: string;
}

/** A file from its records: the size is that of their texts, with a line break each. */
export interface RecordedFile extends ServiceFile {
  readonly record_count: number;
}

/** The stored files and records of one service. */
export interface ServiceStats {
  readonly service: string;
  /** Number of log files, by machine and path. */
  readonly file_count: number;
  readonly total_size_bytes: number;
  readonly latest_modified: string;
  readonly record_count: number;
}

/** Files that are read for one response, and characters of their names; a longer name could not be requested. */
const MAX_FILES = 100_000;
const MAX_NAME = 1_000;
const MAX_PATH = 4_096;
/** Senders may invent any number of names, so the first ones are counted and the rest left out. */
const SETTINGS = {
  max_execution_time: 10,
  max_memory_usage: 500_000_000,
  max_rows_to_group_by: 1_000_000,
  group_by_overflow_mode: 'any',
};
const NAMED = `lengthUTF8(service) <= ${MAX_NAME} AND lengthUTF8(machine_id) <= ${MAX_NAME} AND lengthUTF8(file_path) <= ${MAX_PATH}`;

/**
 * The files with the newest records, from the projection `hours` without reading a record.
 * @param machines only the files of these machines
 */
export async function recordedFiles(
  clickhouse: ClickHouse,
  machines?: readonly string[],
): Promise<RecordedFile[]> {
  const ofMachines = machines === undefined ? '' : 'AND machine_id IN {machines:Array(String)}';
  const rows = await clickhouse.query<[string, string, string, number, string, number]>(
    `SELECT service, machine_id, file_path, sum(length(message)) + count(),
      formatDateTime(max(timestamp) AS newest, '%Y-%m-%dT%H:%i:%SZ', 'UTC'), count()
    FROM logs WHERE ${NAMED} ${ofMachines}
    GROUP BY service, machine_id, file_path ORDER BY newest DESC LIMIT ${MAX_FILES}`,
    { settings: SETTINGS, parameters: { machines: machines ?? [] } },
  );
  return rows.map(([service, machine_id, file_path, size_bytes, latest_modified, record_count]) => ({
    service,
    machine_id,
    file_path,
    size_bytes,
    latest_modified,
    record_count,
  }));
}

/** Sums by service over the files of all machines except some: the services with the most records, and the number of others. */
async function recordedServices(
  clickhouse: ClickHouse,
  except: readonly string[],
): Promise<{ readonly services: ServiceStats[]; readonly leftOut: number }> {
  const rows = await clickhouse.query<[string, number, number, string, number, number]>(
    `SELECT service, countIf(file_path != ''), sum(bytes),
       formatDateTime(max(newest), '%Y-%m-%dT%H:%i:%SZ', 'UTC'), sum(records) AS total, count() OVER ()
     FROM (SELECT service, machine_id, file_path, sum(length(message)) + count() AS bytes,
         max(timestamp) AS newest, count() AS records
       FROM logs WHERE ${NAMED} AND machine_id NOT IN {except:Array(String)} GROUP BY service, machine_id, file_path)
     GROUP BY service ORDER BY total DESC, service LIMIT ${MAX_SERVICES}`,
    { settings: SETTINGS, parameters: { except } },
  );
  return {
    services: rows.map(([service, file_count, total_size_bytes, latest_modified, record_count]) => ({
      service,
      file_count,
      total_size_bytes,
      latest_modified,
      record_count,
    })),
    leftOut: (rows[0]?.[5] ?? 0) - rows.length,
  };
}

/** A key for a file among those of all machines. */
export function fileKey({ machine_id, file_path }: Pick<ServiceFile, 'machine_id' | 'file_path'>): string {
  return `${machine_id}\0${file_path}`;
}

/** Services of one response. */
const MAX_SERVICES = 1_000;

export interface ServicesFound {
  /** Sorted by name. */
  readonly services: readonly ServiceStats[];
  /** Number of services that were left out, which have fewer records. */
  readonly leftOut: number;
}

/**
 * Services with files or records; those with a file on the disk are always among them.
 * @param onDisk files whose size and time come from the disk
 */
export async function serviceStats(
  clickhouse: ClickHouse,
  onDisk: readonly ServiceFile[],
): Promise<ServicesFound> {
  const known = new Set(onDisk.map(fileKey));
  const stats = new Map<string, ServiceStats>();
  const add = (more: ServiceStats) => {
    const sum = stats.get(more.service);
    stats.set(more.service, {
      service: more.service,
      file_count: (sum?.file_count ?? 0) + more.file_count,
      total_size_bytes: (sum?.total_size_bytes ?? 0) + more.total_size_bytes,
      latest_modified:
        sum && sum.latest_modified > more.latest_modified ? sum.latest_modified : more.latest_modified,
      record_count: (sum?.record_count ?? 0) + more.record_count,
    });
  };
  for (const { service, size_bytes, latest_modified } of onDisk) {
    add({ service, file_count: 1, total_size_bytes: size_bytes, latest_modified, record_count: 0 });
  }
  const always = new Set(stats.keys());
  const machines = [...new Set(onDisk.map(({ machine_id }) => machine_id))];
  const { services, leftOut } = await recordedServices(clickhouse, machines);
  for (const service of services) add(service);
  for (const file of machines.length > 0 ? await recordedFiles(clickhouse, machines) : []) {
    const { service, file_path, size_bytes, latest_modified, record_count } = file;
    const isKnown = known.has(fileKey(file));
    add({
      service,
      file_count: isKnown || file_path === '' ? 0 : 1,
      total_size_bytes: isKnown ? 0 : size_bytes,
      latest_modified: isKnown ? '' : latest_modified,
      record_count,
    });
  }
  const found = [...stats.values()].sort(
    (a, b) =>
      Number(always.has(b.service)) - Number(always.has(a.service)) || b.record_count - a.record_count,
  );
  const shown = found.slice(0, Math.max(MAX_SERVICES, always.size));
  return {
    services: shown.sort((a, b) => (a.service < b.service ? -1 : 1)),
    leftOut: leftOut + found.length - shown.length,
  };
}
