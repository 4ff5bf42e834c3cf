import { ClickHouseError, type QueryOptions } from '../../../pipeline/store/clickhouse.ts';
import type { RecordTable } from '../../../pipeline/store/sql.ts';
import type { SqlFilter } from '../../query/log-filter.ts';

/** Records that were left out because they cannot be read; times in nanoseconds since 1970. */
export interface MissingRecords {
  /** The times between which they are; undefined where not even their times can be read. */
  readonly range: { readonly from: bigint; readonly to: bigint } | undefined;
  /** Number of all records there, with or without the filter; undefined where it is not known. */
  readonly count: number | undefined;
  readonly error: ClickHouseError;
}

export interface WholeRowsRequest {
  readonly records: RecordTable;
  /** SQL expression of the text of a row. */
  readonly row: string;
  readonly filter: SqlFilter;
  readonly order: 'asc' | 'desc';
  readonly settings: NonNullable<QueryOptions['settings']>;
  readonly signal: AbortSignal;
  readonly onMissing: (missing: MissingRecords) => void;
  readonly pieceBytes?: number;
}

/** Bytes of text of one statement, which are in memory several times: as rows, joined, and as what the client takes. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** Bytes of one row; a larger record is left out. */
const ROW_BYTES = 64 * 1024 * 1024;
const FIRST_ROWS = 1_000;
const MAX_ROWS = 50_000;
/** Smallest step over damaged records: the engine reads blocks of thousands of records, so smaller steps would find no more. */
const MIN_ROWS = 1_024;
/** Steps of `MIN_ROWS`, more than a block has. Where all of them fail, the next records fail too, and steps become larger. */
const SMALL_STEPS = 16;
const LARGE_STEP_ROWS = 8_192;

interface Key {
  readonly time: bigint;
  readonly seq: bigint;
}

/**
 * Yields the rows of a slice of time in order, with statements that are bounded in rows and bytes. Each statement goes on behind the last
 * row of the one before, so nothing is held between them. Over damaged files statements get smaller until it is known which
 * records cannot be read; these are left out and reported, and all others come exactly once.
 */
export async function* wholeRows(request: WholeRowsRequest, slice: SqlFilter): AsyncGenerator<Uint8Array> {
  const { pieceBytes = PIECE_BYTES } = request;
  let behind: Key | undefined;
  let rows = FIRST_ROWS;
  let failures = 0;
  /** One of so many next rows cannot be read; a statement that meets it takes long. */
  let suspect = 0;
  const read = () => readPiece(request, within(request, slice, behind), rows);
  let reading = read();
  for (;;) {
    try {
      const piece = await reading;
      failures = 0;
      const isLast = piece.count < rows;
      if (!isLast) {
        behind = piece.last;
        suspect = Math.max(0, suspect - piece.count);
        const fitting = Math.floor((rows * pieceBytes) / Math.max(1, piece.text.length));
        rows = Math.max(1, Math.min(suspect > 0 ? rows : rows * 4, fitting, MAX_ROWS));
        // The engine reads the next piece while the client takes this one.
        reading = read();
        reading.catch(() => {});
      }
      if (piece.text.length > 0) yield piece.text;
      if (isLast) return;
    } catch (error) {
      if (!(error instanceof ClickHouseError && (error.damaged || error.exceedsBytes))) throw error;
      const min = error.damaged ? MIN_ROWS : 1;
      suspect = rows;
      if (rows > min) rows = Math.max(min, Math.floor(rows / 4));
      else {
        const step = error.exceedsBytes ? 1 : ++failures > SMALL_STEPS ? LARGE_STEP_ROWS : MIN_ROWS;
        behind = await passOver(request, within(request, slice, behind), step, error);
        if (!behind) return;
        suspect = 0;
      }
      reading = read();
    }
  }
}

interface Piece {
  readonly text: Uint8Array;
  readonly count: number;
  readonly last: Key;
}

async function readPiece(
  { records: { clickhouse, table }, row, filter, order, settings, signal }: WholeRowsRequest,
  { where, parameters }: SqlFilter,
  rows: number,
): Promise<Piece> {
  const bytes = await clickhouse.bytes(
    `SELECT count(), ${lastOf(order)}, arrayStringConcat(groupArray(text)) FROM
       (SELECT toUnixTimestamp64Nano(timestamp) AS nanos, seq, ${row} AS text FROM ${table}
        WHERE ${where} AND (${filter.where}) ORDER BY timestamp ${order}, seq ${order} LIMIT {rows:UInt64})`,
    'TSVRaw',
    {
      settings: { ...settings, max_result_bytes: ROW_BYTES },
      parameters: { ...filter.parameters, ...parameters, rows },
      signal,
    },
  );
  // Only the text, the last column, may have line breaks.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ends: number[] = [];
  while (ends.length < 3) ends.push(buffer.indexOf('\t', (ends.at(-1) ?? -1) + 1));
  const [count, time, seq] = buffer.toString('latin1', 0, ends[2]).split('\t') as [string, string, string];
  // The format ends the text with a line break.
  return {
    count: Number(count),
    last: { time: BigInt(time), seq: BigInt(seq) },
    text: bytes.subarray(ends[2]! + 1, -1),
  };
}

/** Skips records that cannot be read. @returns where reading goes on; undefined at the end of the slice */
async function passOver(
  { records: { clickhouse, table }, order, signal, onMissing }: WholeRowsRequest,
  { where, parameters }: SqlFilter,
  rows: number,
  error: ClickHouseError,
): Promise<Key | undefined> {
  try {
    const [[count, from, to, time, seq] = [0, '', '', '', '']] = await clickhouse.query<
      [number, string, string, string, string]
    >(
      `SELECT count(), toString(min(nanos)), toString(max(nanos)), ${lastOf(order)} FROM
         (SELECT toUnixTimestamp64Nano(timestamp) AS nanos, seq FROM ${table} WHERE ${where}
          ORDER BY timestamp ${order}, seq ${order} LIMIT {rows:UInt64})`,
      { parameters: { ...parameters, rows }, signal },
    );
    if (count === 0) return undefined;
    onMissing({ range: { from: BigInt(from), to: BigInt(to) }, count, error });
    return count < rows ? undefined : { time: BigInt(time), seq: BigInt(seq) };
  } catch (keyError) {
    if (!(keyError instanceof ClickHouseError && keyError.damaged)) throw keyError;
    onMissing({ range: undefined, count: undefined, error: keyError });
    return undefined;
  }
}

function lastOf(order: 'asc' | 'desc'): string {
  const last = order === 'asc' ? 'max' : 'min';
  return `toString(${last}((nanos, seq)).1), toString(${last}((nanos, seq)).2)`;
}

function within({ order }: WholeRowsRequest, slice: SqlFilter, behind: Key | undefined): SqlFilter {
  if (!behind) return slice;
  const sign = order === 'asc' ? '>' : '<';
  const time = "fromUnixTimestamp64Nano({behind_time:Int64}, 'UTC')";
  return {
    // The second condition is for the index, the third is the exact one.
    where: `${slice.where} AND timestamp ${sign}= ${time} AND (timestamp, seq) ${sign} (${time}, {behind_seq:UInt64})`,
    parameters: { ...slice.parameters, behind_time: behind.time, behind_seq: behind.seq },
  };
}
