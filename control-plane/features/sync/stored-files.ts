import { changeRows } from '../../../pipeline/store/change-rows.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { alterTable, deleteRows } from '../../../pipeline/store/statement.ts';

const MAX_PATHS = 1_000;
const OF_FILES = 'machine_id = {machine:String} AND file_path IN {paths:Array(String)}';

/** Removes the records of files of one machine. The deletes are lightweight: rows are masked at once and removed by the next merge. */
export async function deleteRecords(
  clickhouse: ClickHouse,
  machineId: string,
  filePaths: readonly string[],
): Promise<void> {
  await clickhouse.checkpoint();
  for (let start = 0; start < filePaths.length; start += MAX_PATHS) {
    await changeRows(clickhouse, deleteRows('logs', OF_FILES), {
      parameters: { machine: machineId, paths: filePaths.slice(start, start + MAX_PATHS) },
    });
  }
}

/** Removes the records of all files. Records without a file, which came over the API, stay. */
export async function deleteAllFileRecords(clickhouse: ClickHouse): Promise<void> {
  await clickhouse.checkpoint();
  await changeRows(clickhouse, deleteRows('logs', "file_path != ''"));
}

/** Moves the records of files to another service. */
export async function resortRecords(
  clickhouse: ClickHouse,
  machineId: string,
  filePaths: readonly string[],
  from: string,
  to: string,
): Promise<void> {
  for (let start = 0; start < filePaths.length; start += MAX_PATHS) {
    await changeRows(
      clickhouse,
      alterTable('logs', `UPDATE service = {to:String} WHERE service = {from:String} AND ${OF_FILES}`),
      { parameters: { from, to, machine: machineId, paths: filePaths.slice(start, start + MAX_PATHS) } },
    );
  }
}
