import { ClickHouseError, type QueryOptions } from '../../../pipeline/store/clickhouse.ts';
import type { RecordTable } from '../../../pipeline/store/sql.ts';
import type { SqlFilter } from '../../query/log-filter.ts';

/** Records that were left out because they cannot be read, and the times between which they lie; nanoseconds since 1970. */
export interface MissingRecords {
  /** Undefined where not even their times can be read. */
  readonly range: { readonly from: bigint; readonly to: bigint } | undefined;
  /** All that lie there, whatever a filter selects of them; undefined where it is not known. */
  readonly count: number | undefined;
  readonly error: ClickHouseError;
}

export interface WholeRowsRequest {
  readonly records: RecordTable;
  /** SQL expression that gives the text of a row. */
  readonly row: string;
  readonly filter: SqlFilter;
  readonly order: 'asc' | 'desc';
  readonly settings: NonNullable<QueryOptions['settings']>;
  readonly signal: AbortSignal;
  readonly onMissing: (missing: MissingRecords) => void;
  readonly pieceBytes?: number;
}

/** Text of one statement. It stands in memory a few times over: as rows, joined, and as what the client takes. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** Of one row; a record that is larger is left out. */
const ROW_BYTES = 64 * 1024 * 1024;
const FIRST_ROWS = 1_000;
const MAX_ROWS = 50_000;
/** The engine reads blocks of thousands of records: among so few, smaller steps find no more of them. */
const MIN_ROWS = 1_024;
/** Steps of the fewest rows, more than one of those blocks has. Where all of them fail, so does what follows, and steps are larger. */
const SMALL_STEPS = 16;
const LARGE_STEP_ROWS = 8_192;

interface Key {
  readonly time: bigint;
  readonly seq: bigint;
}

/**
 * The rows of a slice of time in order, by statements that are bounded in rows and bytes: each goes on behind the last row of the
 * one before, so nothing is held between them. Where stored files are damaged, statements get smaller until it is known which
 * records cannot be read; these are left out and reported, and all others come, each once.
 */
export async function* wholeRows(request: WholeRowsRequest, slice: SqlFilter): AsyncGenerator<Uint8Array> {
  const { pieceBytes = PIECE_BYTES } = request;
  let behind: Key | undefined;
  let rows = FIRST_ROWS;
  let failures = 0;
  /** Among so many next rows is one that cannot be read: a statement that finds it takes long. */
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
  // The text has any line breaks, the others before it none.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ends: number[] = [];
  while (ends.length < 3) ends.push(buffer.indexOf('\t', (ends.at(-1) ?? -1) + 1));
  const [count, time, seq] = buffer.toString('latin1', 0, ends[2]).split('\t') as [string, string, string];
  // A line break of the format's own stands behind the text.
  return {
    count: Number(count),
    last: { time: BigInt(time), seq: BigInt(seq) },
    text: bytes.subarray(ends[2]! + 1, -1),
  };
}

/** @returns where reading goes on; undefined where nothing is left of the slice */
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
    // The second condition alone lets the engine skip by its index; the third is the exact one.
    where: `${slice.where} AND timestamp ${sign}= ${time} AND (timestamp, seq) ${sign} (${time}, {behind_seq:UInt64})`,
    parameters: { ...slice.parameters, behind_time: behind.time, behind_seq: behind.seq },
  };
}
