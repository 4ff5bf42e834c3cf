import { INDEXED_FIELDS } from '../../../pipeline/record/log-record.ts';
import type { RecordTable } from '../../../pipeline/store/sql.ts';
import { timeText } from '../../query/compile-sql.ts';
import type { LogFilter } from '../../query/log-filter.ts';
import { RECORD_JSON_SETTINGS, RECORD_JSON_SQL } from './record-json-sql.ts';
import { timeSlices } from './time-slices.ts';
import { type MissingRecords, type WholeRowsRequest, wholeRows } from './whole-rows.ts';

export const EXPORT_FORMATS = ['ndjson', 'csv', 'json', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportRequest {
  readonly filter: Pick<LogFilter, 'where' | 'parameters' | 'range'>;
  readonly format: ExportFormat;
  readonly order: 'asc' | 'desc';
  /** Aborted when the client disconnects; the engine then stops its work. */
  readonly signal: AbortSignal;
  /** Called where stored records cannot be read; the end of the export says so too. */
  readonly onMissing?: (missing: MissingRecords) => void;
}

/**
 * Settings of a statement of an export, which bound its memory: one thread reads blocks of few rows in the order of the table's key, so
 * that nothing is sorted. An export has no time limit, because the client sets the pace; that of a statement only ends one that hangs.
 */
const SETTINGS = {
  max_block_size: 4096,
  preferred_block_size_bytes: 1_000_000,
  max_threads: 1,
  max_execution_time: 600,
  // Reads a part only when its rows are next: 5 M rows in 47 parts took 297 MB without it, 171 with it.
  read_in_order_use_virtual_row: 1,
  max_read_buffer_size: 131_072,
  output_format_parquet_row_group_size: 10_000,
  output_format_parquet_parallel_encoding: 0,
  output_format_parallel_formatting: 0,
  ...RECORD_JSON_SETTINGS,
  // The filter's columns have the same names as those of the result.
  prefer_column_name_to_alias: 1,
};

/** Columns of CSV: the fields of a record in their order, and the fields without a column as JSON. */
const TABLE_COLUMNS: Readonly<Record<string, string>> = {
  id: 'toString(seq)',
  timestamp: timeText('timestamp'),
  level: 'upper(toString(level))',
  message: 'message',
  ...Object.fromEntries(INDEXED_FIELDS.map((field) => [field, `toString(${field})`])),
  observed_timestamp: `if(observed_digits <= 9, ${timeText('observed_timestamp')}, '')`,
  severity_text: 'toString(severity_text)',
  attributes: 'attributes',
};

/** Columns of Parquet, in which a time is a time and an id a number. */
const PARQUET_COLUMNS: Readonly<Record<string, string>> = {
  ...TABLE_COLUMNS,
  id: 'seq',
  timestamp: 'timestamp',
  observed_timestamp: 'if(observed_digits <= 9, observed_timestamp, NULL)',
};

/**
 * Exports all records of a filter by time, piece by piece. Where some cannot be read, all others come, and at the end an error in the form
 * of a record without an id: readers of the export find it, and no reader of the format fails with it.
 */
export async function* exportLogs(
  { clickhouse, table }: RecordTable,
  request: ExportRequest,
): AsyncGenerator<string | Uint8Array> {
  const exports = { clickhouse: clickhouse.for('exports'), table };
  // An export has all records that were acknowledged before it; where these cannot be stored now, it has the stored ones.
  await clickhouse.flush('logs').catch(() => {});
  const missing: MissingRecords[] = [];
  const onMissing = (records: MissingRecords) => {
    missing.push(records);
    request.onMissing?.(records);
  };
  const rows = (row: string) => allRows(exports, { ...request, row, settings: SETTINGS, onMissing });
  switch (request.format) {
    case 'ndjson':
      yield* rows(`concat(${RECORD_JSON_SQL}, '\n')`);
      if (missing.length > 0) yield `${JSON.stringify(gapOf(missing))}\n`;
      return;
    case 'json':
      // Each record follows a comma, the first one the bracket.
      yield* headed('[', rows(`concat(',', ${RECORD_JSON_SQL}, '\n')`), 1, () =>
        missing.length > 0 ? `,${JSON.stringify(gapOf(missing))}` : '',
      );
      yield ']';
      return;
    case 'csv': {
      const head = `${Object.keys(TABLE_COLUMNS).join(',')}\r\n`;
      const columns = Object.entries(TABLE_COLUMNS).map(([name, sql]) => `${sql} AS ${name}`);
      yield* headed(head, rows(`formatRow('CSV', ${columns.join(', ')})`), 0, () =>
        missing.length > 0 ? csvGap(missing) : '',
      );
      return;
    }
    case 'parquet':
      // One statement makes the whole file of this format; if it fails, nothing has been sent.
      yield* exports.clickhouse.stream(
        `SELECT ${tableSelect(PARQUET_COLUMNS)} FROM ${table} WHERE ${request.filter.where} ${orderBy(request)}`,
        'Parquet',
        { parameters: request.filter.parameters, settings: SETTINGS, signal: request.signal },
      );
  }
}

type RowsRequest = Omit<WholeRowsRequest, 'records'> & Pick<ExportRequest, 'filter'>;

async function* allRows(records: RecordTable, request: RowsRequest): AsyncGenerator<Uint8Array> {
  const inOrder = await timeSlices(records, request.filter.range, request.signal);
  for (const slice of request.order === 'asc' ? inOrder : inOrder.reverse()) {
    yield* wholeRows({ ...request, records }, slice);
  }
}

function orderBy({ order }: ExportRequest): string {
  return `ORDER BY timestamp ${order}, seq ${order}`;
}

/**
 * Yields rows between a head and a foot, without some first bytes of the first row. The head comes when the engine has begun, so that a
 * rejected statement is an error and not half a file.
 */
async function* headed(
  head: string,
  rows: AsyncIterable<Uint8Array>,
  without: number,
  foot: () => string,
): AsyncGenerator<string | Uint8Array> {
  let begun = false;
  for await (const chunk of rows) {
    if (!begun) yield head;
    yield begun ? chunk : chunk.subarray(without);
    begun = true;
  }
  if (!begun) yield head;
  yield foot().slice(begun ? 0 : without);
}

/** The missing records in the form of a record without an id. */
function gapOf(missing: readonly MissingRecords[]) {
  const ranges = joined(missing.flatMap(({ range }) => range ?? []));
  const named = ranges.slice(0, MAX_RANGES).map(({ from, to }) => `${timeOf(from)} to ${timeOf(to)}`);
  const count = countMissing(missing);
  const atLeast = missing.some((records) => records.count === undefined) ? 'at least ' : '';
  const where = named.length === 0 ? '' : `, of ${named.join(', ')}`;
  const more = ranges.length > MAX_RANGES ? ` and ${ranges.length - MAX_RANGES} further ranges` : '';
  return {
    level: 'ERROR',
    message: `this export is not complete: ${atLeast}${count} stored records cannot be read${where}${more}`,
    type: 'export_gap',
    records_missing: count,
  };
}

/** Number of missing records; where they cannot be counted, at least one. */
export function countMissing(missing: readonly MissingRecords[]): number {
  return missing.reduce((sum, { count = 1 }) => sum + count, 0);
}

const MAX_RANGES = 20;

function joined(ranges: readonly NonNullable<MissingRecords['range']>[]) {
  const found: { from: bigint; to: bigint }[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
    const last = found.at(-1);
    // Successive steps of one gap.
    if (!last || from - last.to > SECOND) found.push({ from, to });
    else if (to > last.to) last.to = to;
  }
  return found;
}

const SECOND = 1_000_000_000n;

function timeOf(nanos: bigint): string {
  return new Date(Number(nanos / 1_000_000n)).toISOString();
}

function csvGap(missing: readonly MissingRecords[]): string {
  const { level, message } = gapOf(missing);
  const values: Readonly<Record<string, string>> = { level: `"${level}"`, message: `"${message}"` };
  return `${Object.keys(TABLE_COLUMNS)
    .map((name) => values[name] ?? '""')
    .join(',')}\n`;
}

function tableSelect(columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(', ');
}
