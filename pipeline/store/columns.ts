import { INDEXED_FIELDS, type IndexedField, type StoredRecord } from '../record/log-record.ts';
import type { Level } from '../record/severity.ts';

/** Values of the column `level`. */
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

/** The SELECT list whose rows `decodeRow` reads. */
export const RECORD_SELECT = [
  'seq',
  ...secondsAndNanos('timestamp'),
  'timestamp_digits',
  ...secondsAndNanos('observed_timestamp'),
  'observed_digits',
  'level',
  'severity_text',
  ...INDEXED_FIELDS,
  'message',
  'attributes',
].join(', ');

/** Rounded down also before 1970, where the engine's own functions round towards zero. */
function secondsAndNanos(column: string): string[] {
  const nanos = `positiveModulo(toUnixTimestamp64Nano(${column}), 1000000000)`;
  return [`intDiv(toUnixTimestamp64Nano(${column}) - ${nanos}, 1000000000)`, nanos];
}

/** `observed_digits` of a record whose shipper gave no time of its own. */
export const NO_OBSERVED_TIME = 255;

export type RecordRow = readonly (string | number)[];

/**
 * Reads one row of `SELECT ${RECORD_SELECT}`. Field by field: made from a list of entries, an object takes 16 times as
 * long (8 µs a row and as much again in garbage collection).
 */
export function decodeRow(row: RecordRow): StoredRecord {
  const observedDigits = row[6] as number;
  return {
    seq: row[0] as number,
    timestamp: { seconds: row[1] as number, nanos: row[2] as number, digits: row[3] as number },
    observed:
      observedDigits === NO_OBSERVED_TIME
        ? undefined
        : { seconds: row[4] as number, nanos: row[5] as number, digits: observedDigits },
    level: row[7] as Level,
    severity_text: row[8] as string,
    service: row[9] as string,
    machine_id: row[10] as string,
    worker_id: row[11] as string,
    deployment_env: row[12] as string,
    region: row[13] as string,
    source: row[14] as string,
    file_path: row[15] as string,
    container_name: row[16] as string,
    job_id: row[17] as string,
    node_id: row[18] as string,
    trace_id: row[19] as string,
    span_id: row[20] as string,
    request_id: row[21] as string,
    type: row[22] as string,
    event_type: row[23] as string,
    message: row[24] as string,
    attributes: row[25] as string,
  };
}
