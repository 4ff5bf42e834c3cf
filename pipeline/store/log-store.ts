import type { StoredRecord } from '../record/log-record.ts';
import {
  type ClickHouse,
  ClickHouseError,
  type QueryOptions,
  type QueryParameters,
  type Workload,
} from './clickhouse.ts';
import { decodeRow, RECORD_SELECT, type RecordRow } from './columns.ts';
import { decodeRequest, type FileSpan, type StoredRequest } from './request-progress.ts';
import { LOGS, type RecordTable } from './sql.ts';

/** Records behind one sequence number, up to another, that meet a condition. */
export interface SequenceRange {
  readonly after: number;
  readonly upTo: number;
  /** SQL condition; its values are in `parameters`. */
  readonly where: string;
  readonly parameters: QueryParameters;
}

/**
 * Records next to a sequence number are searched within these microseconds of it first. The table is not sorted by arrival: an index
 * can only skip what lies outside a range, and sequence numbers are times.
 */
const SPANS = [1e6, 60e6, 3_600e6, 86_400e6, Number.POSITIVE_INFINITY];

/** Where so long a part of a range is empty at its start, the first sequence number in the rest is looked up. */
const FAR = 86_400e6;

/** Records within a bound in bytes. */
export interface BoundedRecords {
  readonly records: readonly StoredRecord[];
  /** Further records within the limit in number that the bound in bytes left out. */
  readonly leftOut: number;
}

type RangeOptions = Omit<QueryOptions, 'parameters'>;

/** The table of records. */
export class LogStore implements RecordTable {
  readonly clickhouse: ClickHouse;
  readonly table: string;
  #newestSecond: number | undefined;

  /** @param table a view with the same columns, where it is not the table itself */
  constructor(clickhouse: ClickHouse, table = LOGS) {
    this.clickhouse = clickhouse;
    this.table = table;
  }

  /** The same table for another workload. */
  for(workload: Workload): LogStore {
    return new LogStore(this.clickhouse.for(workload), this.table);
  }

  /** The parts of files that the rows behind a sequence number name, in the order of the rows. */
  async fileSpans(after: number): Promise<(readonly FileSpan[])[]> {
    const rows = await this.clickhouse.query<[string]>(
      `SELECT request FROM ${this.table} WHERE seq > {after:UInt64} AND request LIKE '%,[[%' ORDER BY seq`,
      { parameters: { after } },
    );
    return rows.map(([request]) => decodeRequest(request).spans ?? []);
  }

  /** The highest sequence number that is stored or acknowledged; 0 where there is none. */
  async lastSequenceNumber(): Promise<number> {
    const [[last] = [0]] = await this.clickhouse.query<[number]>(`SELECT max(seq) FROM ${this.table}`);
    return Math.max(last, await this.clickhouse.lastAppended());
  }

  /** The stored progress of the requests with these idempotency keys, where their rows are behind a sequence number. */
  async findRequests(keys: readonly string[], after: number): Promise<StoredRequest[]> {
    const rows = await this.clickhouse.query<[string]>(
      `SELECT request FROM ${this.table} WHERE seq > {after:UInt64} AND ${REQUEST_KEY} IN {keys:Array(String)}
       ORDER BY seq DESC LIMIT 1 BY ${REQUEST_KEY}`,
      { parameters: { after, keys } },
    );
    return rows.map(([request]) => decodeRequest(request));
  }

  /** Yields the hashes (first 8 bytes of `hashKey`) of the requests in a range, many in a buffer, in no order. */
  async *requestHashes(after: number, upTo: number, signal: AbortSignal): AsyncGenerator<Buffer> {
    const chunks = this.clickhouse.stream(
      `SELECT reinterpretAsUInt64(SHA256(${REQUEST_KEY})) FROM ${this.table} WHERE ${RANGE} AND request != ''`,
      'RowBinary',
      { parameters: { after, up_to: upTo }, signal },
    );
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of chunks) {
      const bytes = Buffer.concat([rest, chunk]);
      const whole = bytes.length - (bytes.length % HASH_BYTES);
      if (whole > 0) yield bytes.subarray(0, whole);
      rest = bytes.subarray(whole);
    }
  }

  /** The lowest sequence number in the store; 0 where it is empty. */
  async firstSequenceNumber(): Promise<number> {
    const [[first] = [0]] = await this.clickhouse.query<[number]>(`SELECT min(seq) FROM ${this.table}`);
    return first;
  }

  /** The latest time of the records read so far, in seconds since 1970: where a search may begin, not where the records end. */
  get newestSecond(): number | undefined {
    return this.#newestSecond;
  }

  /** @param clauses what follows the table: `WHERE … ORDER BY … LIMIT …` */
  async select(clauses: string, options: QueryOptions): Promise<StoredRecord[]> {
    const rows = await this.clickhouse.query<RecordRow>(
      `SELECT ${RECORD_SELECT} FROM ${this.table} ${clauses}`,
      options,
    );
    const records = rows.map(decodeRow);
    for (const { timestamp } of records)
      this.#newestSecond = Math.max(timestamp.seconds, this.#newestSecond ?? timestamp.seconds);
    return records;
  }

  /**
   * The first records that the clauses select: at least one, and as many as have at most `maxBytes` together. Only where not all of them
   * do, a second statement reads their sizes, which reads no texts.
   * @param clauses end with `LIMIT {limit:UInt32}`
   */
  async selectWithin(
    maxBytes: number,
    limit: number,
    clauses: string,
    options: QueryOptions,
  ): Promise<BoundedRecords> {
    const limited = (count: number, settings: QueryOptions['settings'] = {}) => ({
      ...options,
      parameters: { ...options.parameters, limit: count },
      settings: { ...options.settings, ...settings },
    });
    try {
      const records = await this.select(clauses, limited(limit, { max_result_bytes: maxBytes }));
      return { records, leftOut: 0 };
    } catch (error) {
      if (!(error instanceof ClickHouseError && error.exceedsBytes)) throw error;
    }
    const sizes = await this.clickhouse.query<[number]>(
      `SELECT message.size + attributes.size FROM ${this.table} ${clauses}`,
      limited(limit),
    );
    let bytes = 0;
    const over = sizes.findIndex(([size], index) => {
      bytes += size;
      return index > 0 && bytes > maxBytes;
    });
    const count = over < 0 ? sizes.length : over;
    // Their sizes are known, so this statement has no bound: a single record may exceed it.
    const records = await this.select(clauses, limited(count, { max_result_bytes: 0 }));
    return { records, leftOut: sizes.length - count };
  }

  /** The first records of a range, in order of arrival. */
  oldest(limit: number, range: SequenceRange, options: RangeOptions = {}): Promise<StoredRecord[]> {
    return this.#fromStart(
      range,
      options,
      (part) => this.select(rangeClauses(part, 'ASC'), rangeOptions(part, limit, options)),
      ({ length }) => length === limit,
    );
  }

  /** The sequence numbers of the first records of a range. No other column is read. */
  sequenceNumbers(
    limit: number,
    range: Pick<SequenceRange, 'after' | 'upTo'>,
    options: RangeOptions = {},
  ): Promise<number[]> {
    const read = async ({ after, upTo }: typeof range) => {
      const rows = await this.clickhouse.query<[number]>(
        `SELECT seq FROM ${this.table} WHERE ${RANGE} ORDER BY seq LIMIT {limit:UInt32}`,
        { ...options, parameters: { after, up_to: upTo, limit } },
      );
      return rows.map(([seq]) => seq);
    };
    return this.#fromStart(range, options, read, ({ length }) => length === limit);
  }

  /** The sequence number of the first of the last records of a range; undefined where it has none. */
  async startOfNewest(
    limit: number,
    range: SequenceRange,
    options: RangeOptions = {},
  ): Promise<number | undefined> {
    for (const span of SPANS) {
      const after = Math.max(range.after, range.upTo - span);
      const [[first, count] = [0, 0]] = await this.clickhouse.query<[number, number]>(
        `SELECT min(seq), count() FROM
           (SELECT seq FROM ${this.table} WHERE ${RANGE} AND (${range.where}) ORDER BY seq DESC LIMIT {limit:UInt32})`,
        { ...options, parameters: { ...range.parameters, after, up_to: range.upTo, limit } },
      );
      if (count === limit || after === range.after) return count === 0 ? undefined : first;
    }
    return undefined;
  }

  /** The last records of a range, in order of arrival, as many as have at most `maxBytes` together. */
  async newestWithin(
    maxBytes: number,
    limit: number,
    range: SequenceRange,
    options: RangeOptions = {},
  ): Promise<BoundedRecords> {
    for (const span of SPANS) {
      const after = Math.max(range.after, range.upTo - span);
      const part = { ...range, after };
      const { records, leftOut } = await this.selectWithin(
        maxBytes,
        limit,
        rangeClauses(part, 'DESC'),
        rangeOptions(part, limit, options),
      );
      if (records.length + leftOut === limit || after === range.after) {
        return { records: records.toReversed(), leftOut };
      }
    }
    return { records: [], leftOut: 0 };
  }

  /** The first records of a range, as many as have at most `maxBytes` together. */
  async oldestWithin(
    maxBytes: number,
    limit: number,
    range: SequenceRange,
    options: RangeOptions = {},
  ): Promise<BoundedRecords> {
    let leftOut = 0;
    const read = async (part: SequenceRange) => {
      const found = await this.selectWithin(
        maxBytes,
        limit,
        rangeClauses(part, 'ASC'),
        rangeOptions(part, limit, options),
      );
      leftOut = found.leftOut;
      return found.records;
    };
    const records = await this.#fromStart(range, options, read, ({ length }) => length + leftOut === limit);
    return { records, leftOut };
  }

  async count(
    { after, upTo, where, parameters }: SequenceRange,
    options: RangeOptions = {},
  ): Promise<number> {
    const [[count] = [0]] = await this.clickhouse.query<[number]>(
      `SELECT count() FROM ${this.table} WHERE ${RANGE} AND (${where})`,
      { ...options, parameters: { ...parameters, after, up_to: upTo } },
    );
    return count;
  }

  /** Reads longer and longer parts from the start of a range, until a part has enough rows. */
  async #fromStart<Range extends Pick<SequenceRange, 'after' | 'upTo'>, Row>(
    range: Range,
    options: RangeOptions,
    read: (part: Range) => Promise<readonly Row[]>,
    isEnough: (rows: readonly Row[]) => boolean,
  ): Promise<Row[]> {
    let { after } = range;
    for (const span of SPANS) {
      const upTo = Math.min(range.upTo, after + span);
      const rows = await read({ ...range, after, upTo });
      if (isEnough(rows) || upTo === range.upTo) return [...rows];
      if (rows.length > 0 || after !== range.after || range.upTo - upTo < FAR) continue;
      const first = await this.#firstBehind(upTo, range.upTo, options);
      if (first === undefined) return [];
      after = first - 1;
    }
    return [];
  }

  /** The first sequence number of any record behind `after`, up to `upTo`; undefined where there is none. */
  async #firstBehind(after: number, upTo: number, options: RangeOptions): Promise<number | undefined> {
    const [[first, count] = [0, 0]] = await this.clickhouse.query<[number, number]>(
      `SELECT min(seq), count() FROM ${this.table} WHERE ${RANGE}`,
      { ...options, parameters: { after, up_to: upTo } },
    );
    return count === 0 ? undefined : first;
  }
}

const RANGE = 'seq > {after:UInt64} AND seq <= {up_to:UInt64}';

/**
 * The idempotency key in the column `request`: everything up to the last quotation mark. Nearly all rows have an empty `request`, so the
 * engine stores the column as a sparse one: 20 million rows with 100,000 requests are searched in 50 ms of CPU. An
 * index would cost 1 µs for each inserted row.
 */
export const REQUEST_KEY = `substring(request, 1, length(request) - position(reverse(request), '"') + 1)`;
export const HASH_BYTES = 8;

function rangeClauses({ where }: SequenceRange, direction: 'ASC' | 'DESC'): string {
  return `WHERE ${RANGE} AND (${where}) ORDER BY seq ${direction} LIMIT {limit:UInt32}`;
}

function rangeOptions({ after, upTo, parameters }: SequenceRange, limit: number, options: RangeOptions) {
  return { ...options, parameters: { ...parameters, after, up_to: upTo, limit } };
}
