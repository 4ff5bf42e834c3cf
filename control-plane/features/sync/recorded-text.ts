import type { ClickHouse, QueryOptions } from '../../../pipeline/store/clickhouse.ts';

export interface RecordedText {
  readonly machineId: string;
  /** Spellings of one path. */
  readonly filePaths: readonly string[];
}

const OF_FILE = 'machine_id = {machine:String} AND file_path IN {paths:Array(String)}';

/** Number of records of a file that agents shipped. */
export async function countRecords(
  clickhouse: ClickHouse,
  file: RecordedText,
  limits: QueryOptions,
): Promise<number> {
  const [[count] = [0]] = await clickhouse.query<[number]>(`SELECT count() FROM logs WHERE ${OF_FILE}`, {
    ...limits,
    parameters: parametersOf(file),
  });
  return count;
}

/** The text of a file that agents shipped, from its records in the order of arrival. */
export function streamText(
  clickhouse: ClickHouse,
  file: RecordedText,
  part: { readonly head?: number | undefined; readonly tail?: number | undefined },
  limits: QueryOptions,
): AsyncIterable<Uint8Array> {
  const lines = part.head ?? part.tail;
  const newest = part.tail !== undefined && part.head === undefined;
  const sql =
    lines === undefined
      ? `SELECT message FROM logs WHERE ${OF_FILE} ORDER BY seq`
      : `SELECT message FROM (SELECT seq, message FROM logs WHERE ${OF_FILE}
           ORDER BY seq ${newest ? 'DESC' : ''} LIMIT {lines:UInt64}) ORDER BY seq`;
  return clickhouse.stream(sql, 'TSVRaw', {
    ...limits,
    parameters: { ...parametersOf(file), ...(lines !== undefined && { lines }) },
  });
}

function parametersOf({ machineId, filePaths }: RecordedText) {
  return { machine: machineId, paths: filePaths };
}
