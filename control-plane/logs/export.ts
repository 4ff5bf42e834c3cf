import { INDEXED_FIELDS } from '../../pipeline/record/log-record.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { timeText } from '../query/compile-sql.ts';
import type { LogFilter } from './log-filter.ts';
import { RECORD_JSON_SETTINGS, RECORD_JSON_SQL } from './record-json-sql.ts';
import { timeSlices } from './time-slices.ts';

export const EXPORT_FORMATS = ['ndjson', 'csv', 'json', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportRequest {
  readonly filter: Pick<LogFilter, 'where' | 'parameters' | 'range'>;
  readonly format: ExportFormat;
  readonly order: 'asc' | 'desc';
  /** Aborted when the client leaves: the engine then stops its work. */
  readonly signal: AbortSignal;
}

/**
 * What one export holds in memory: blocks of few rows, read in the order of the table's key, so that nothing is
 * sorted, by one thread. It has no limit in time: the client sets the pace.
 */
const SETTINGS = {
  max_block_size: 4096,
  preferred_block_size_bytes: 1_000_000,
  max_threads: 1,
  // Rows of a part are read when its turn comes: 5 M rows in 47 parts held 297 MB without it, 171 with it.
  read_in_order_use_virtual_row: 1,
  max_read_buffer_size: 131_072,
  output_format_parquet_row_group_size: 10_000,
  output_format_parquet_parallel_encoding: 0,
  output_format_parallel_formatting: 0,
  ...RECORD_JSON_SETTINGS,
  // The columns of the answer have the names of those that the filter means.
  prefer_column_name_to_alias: 1,
};

/** Columns of tables: the fields of a record in their order, and what has no column of its own as JSON. */
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

/** In Parquet a time is a time and an id a number. */
const PARQUET_COLUMNS: Readonly<Record<string, string>> = {
  ...TABLE_COLUMNS,
  id: 'seq',
  timestamp: 'timestamp',
  observed_timestamp: 'if(observed_digits <= 9, observed_timestamp, NULL)',
};

/** All records of a filter by their time, piece by piece. */
export async function* exportLogs(
  clickhouse: ClickHouse,
  request: ExportRequest,
): AsyncGenerator<string | Uint8Array> {
  switch (request.format) {
    case 'ndjson':
      yield* slices(clickhouse, request, RECORD_JSON_SQL, 'LineAsString');
      return;
    case 'json':
      // Each record stands behind a comma, the first one behind the bracket.
      yield* headed('[', slices(clickhouse, request, `concat(',', ${RECORD_JSON_SQL})`, 'LineAsString'), 1);
      yield ']';
      return;
    case 'csv':
      yield* headed(
        `${Object.keys(TABLE_COLUMNS).join(',')}\r\n`,
        slices(clickhouse, request, tableSelect(TABLE_COLUMNS), 'CSV'),
      );
      return;
    case 'parquet':
      // A file of this format is made by one statement.
      yield* clickhouse.stream(
        `SELECT ${tableSelect(PARQUET_COLUMNS)} FROM logs WHERE ${request.filter.where} ${orderBy(request)}`,
        'Parquet',
        { parameters: request.filter.parameters, settings: SETTINGS, signal: request.signal },
      );
  }
}

async function* slices(
  clickhouse: ClickHouse,
  request: ExportRequest,
  select: string,
  format: string,
): AsyncGenerator<Uint8Array> {
  const { filter, order, signal } = request;
  const inOrder = await timeSlices(clickhouse, filter.range, signal);
  for (const slice of order === 'asc' ? inOrder : inOrder.reverse()) {
    yield* clickhouse.stream(
      `SELECT ${select} FROM logs WHERE ${slice.where} AND (${filter.where}) ${orderBy(request)}`,
      format,
      { parameters: { ...filter.parameters, ...slice.parameters }, settings: SETTINGS, signal },
    );
  }
}

function orderBy({ order }: ExportRequest): string {
  return `ORDER BY timestamp ${order}, seq ${order}`;
}

/**
 * Rows behind a head, the first of them without some bytes of its own. The head comes when the engine has begun: what it refuses is
 * an error and not half a file.
 */
async function* headed(
  head: string,
  rows: AsyncIterable<Uint8Array>,
  without = 0,
): AsyncGenerator<string | Uint8Array> {
  let begun = false;
  for await (const chunk of rows) {
    if (!begun) yield head;
    yield begun ? chunk : chunk.subarray(without);
    begun = true;
  }
  if (!begun) yield head;
}

function tableSelect(columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(', ');
}
