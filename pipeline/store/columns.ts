import { INDEXED_FIELDS, type IndexedField, type StoredRecord } from '../record/log-record.ts';
import type { Level } from '../record/severity.ts';
import { parseClickHouse } from '../record/timestamp.ts';

/** Values of the column `level`, OpenTelemetry's severity numbers. */
export const LEVEL_VALUES = {
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
} as const satisfies Record<Level, number>;

const LEVEL_TYPE = `Enum8(${Object.entries(LEVEL_VALUES)
  .map(([level, value]) => `'${level}' = ${value}`)
  .join(', ')})`;

/** Indexed fields whose values repeat; the others are ids. */
const REPEATING: ReadonlySet<IndexedField> = new Set([
  'service',
  'machine_id',
  'worker_id',
  'deployment_env',
  'region',
  'source',
  'file_path',
  'container_name',
  'type',
  'event_type',
]);

/** Columns of the table `logs`, in the order in which they are written. */
export const LOG_COLUMNS: readonly { readonly name: string; readonly type: string }[] = [
  { name: 'seq', type: 'UInt64' },
  { name: 'timestamp', type: "DateTime64(9, 'UTC')" },
  { name: 'timestamp_digits', type: 'UInt8' },
  { name: 'observed_timestamp', type: "DateTime64(9, 'UTC')" },
  { name: 'observed_digits', type: 'UInt8' },
  { name: 'level', type: LEVEL_TYPE },
  { name: 'severity_text', type: 'LowCardinality(String)' },
  ...INDEXED_FIELDS.map((name) => ({
    name,
    type: REPEATING.has(name) ? 'LowCardinality(String)' : 'String',
  })),
  { name: 'message', type: 'String' },
  { name: 'attributes', type: 'String' },
  { name: 'request', type: 'String' },
];

export const LOG_COLUMN_NAMES = LOG_COLUMNS.map(({ name }) => name);

/** The SELECT list whose rows `decodeRow` reads. It has plain columns alone, because planning twelve expressions takes 2 ms. */
export const RECORD_SELECT = [
  'seq',
  'timestamp',
  'timestamp_digits',
  'observed_timestamp',
  'observed_digits',
  'level',
  'severity_text',
  ...INDEXED_FIELDS,
  'message',
  'attributes',
].join(', ');

/** `observed_digits` of a record whose shipper gave no time of its own. */
export const NO_OBSERVED_TIME = 255;

export type RecordRow = readonly (string | number)[];

/**
 * Decodes one row of `SELECT ${RECORD_SELECT}`. Fields are named one by one, because an object made from a list of entries takes 16 times
 * as long (8 µs a row and as much again in garbage collection).
 */
export function decodeRow(row: RecordRow): StoredRecord {
  const observedDigits = row[4] as number;
  return {
    seq: row[0] as number,
    timestamp: parseClickHouse(row[1] as string, row[2] as number),
    observed:
      observedDigits === NO_OBSERVED_TIME ? undefined : parseClickHouse(row[3] as string, observedDigits),
    level: row[5] as Level,
    severity_text: row[6] as string,
    service: row[7] as string,
    machine_id: row[8] as string,
    worker_id: row[9] as string,
    deployment_env: row[10] as string,
    region: row[11] as string,
    source: row[12] as string,
    file_path: row[13] as string,
    container_name: row[14] as string,
    job_id: row[15] as string,
    node_id: row[16] as string,
    trace_id: row[17] as string,
    span_id: row[18] as string,
    request_id: row[19] as string,
    type: row[20] as string,
    event_type: row[21] as string,
    message: row[22] as string,
    attributes: row[23] as string,
  };
}
