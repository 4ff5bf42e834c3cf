import type { StoredRecord } from '../record/log-record.ts';
import { decodeRequest, type StoredRequest } from '../request-progress.ts';
import type { ClickHouse, QueryOptions, QueryParameters, Workload } from './clickhouse.ts';
import { decodeRow, RECORD_SELECT, type RecordRow } from './columns.ts';

/** Records behind one place up to another that fulfil a condition. */
export interface PlaceRange {
  readonly after: number;
  readonly upTo: number;
  /** SQL condition; its values stand in `parameters`. */
  readonly where: string;
  readonly parameters: QueryParameters;
}

/**
 * Places are times, so records next to one are looked for within these microseconds of it first: in order of arrival
 * there is no index to read along, only one that passes over what lies outside a range.
 */
const SPANS = [1e6, 60e6, 3_600e6, 86_400e6, Number.POSITIVE_INFINITY];

type RangeOptions = Omit<QueryOptions, 'parameters'>;

/** The table `logs`. */
export class LogStore {
  readonly #clickhouse: ClickHouse;
  #newestSecond: number | undefined;

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** The same table for who asks. */
  for(workload: Workload): LogStore {
    return new LogStore(this.#clickhouse.for(workload));
  }

  /** The highest sequence number that is stored or acknowledged; 0 where there is none. */
  async lastPlace(): Promise<number> {
    const [[last] = [0]] = await this.#clickhouse.query<[number]>('SELECT max(seq) FROM logs');
    return Math.max(last, await this.#clickhouse.lastAppended());
  }

  /** How far the requests with these idempotency keys are stored whose records came in after a sequence number. */
  async findRequests(keys: readonly string[], after: number): Promise<StoredRequest[]> {
    const rows = await this.#clickhouse.query<[string]>(
      `SELECT request FROM logs WHERE seq > {after:UInt64} AND ${REQUEST_KEY} IN {keys:Array(String)}
       ORDER BY seq DESC LIMIT 1 BY ${REQUEST_KEY}`,
      { parameters: { after, keys } },
    );
    return rows.map(([request]) => decodeRequest(request));
  }

  /** The hashes (`hashKey`, the first 8 bytes) of the requests of a range, in no order: many at once, as they come. */
  async *requestHashes(after: number, upTo: number, signal: AbortSignal): AsyncGenerator<Buffer> {
    const chunks = this.#clickhouse.stream(
      `SELECT reinterpretAsUInt64(SHA256(${REQUEST_KEY})) FROM logs WHERE ${RANGE} AND request != ''`,
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
    const [[first] = [0]] = await this.#clickhouse.query<[number]>('SELECT min(seq) FROM logs');
    return first;
  }

  /** The latest time among the records read so far: a place to begin a search, not the end of what is there. */
  get newestSecond(): number | undefined {
    return this.#newestSecond;
  }

  /** @param clauses what follows `FROM logs`: `WHERE … ORDER BY … LIMIT …` */
  async select(clauses: string, options: QueryOptions): Promise<StoredRecord[]> {
    const rows = await this.#clickhouse.query<RecordRow>(
      `SELECT ${RECORD_SELECT} FROM logs ${clauses}`,
      options,
    );
    const records = rows.map(decodeRow);
    for (const { timestamp } of records)
      this.#newestSecond = Math.max(timestamp.seconds, this.#newestSecond ?? timestamp.seconds);
    return records;
  }

  /** The first records of a range, in order of arrival. */
  async oldest(limit: number, range: PlaceRange, options: RangeOptions = {}): Promise<StoredRecord[]> {
    for (const span of SPANS) {
      const upTo = Math.min(range.upTo, range.after + span);
      const records = await this.#selectRange({ ...range, upTo }, 'ASC', limit, options);
      if (records.length === limit || upTo === range.upTo) return records;
    }
    return [];
  }

  /** The sequence numbers of the first records of a range, whatever these hold: nothing else of them is read. */
  async sequenceNumbers(
    limit: number,
    range: Pick<PlaceRange, 'after' | 'upTo'>,
    options: RangeOptions = {},
  ): Promise<number[]> {
    for (const span of SPANS) {
      const upTo = Math.min(range.upTo, range.after + span);
      const rows = await this.#clickhouse.query<[number]>(
        `SELECT seq FROM logs WHERE ${RANGE} ORDER BY seq LIMIT {limit:UInt32}`,
        { ...options, parameters: { after: range.after, up_to: upTo, limit } },
      );
      if (rows.length === limit || upTo === range.upTo) return rows.map(([seq]) => seq);
    }
    return [];
  }

  /** The last records of a range, in order of arrival. */
  async newest(limit: number, range: PlaceRange, options: RangeOptions = {}): Promise<StoredRecord[]> {
    for (const span of SPANS) {
      const after = Math.max(range.after, range.upTo - span);
      const records = await this.#selectRange({ ...range, after }, 'DESC', limit, options);
      if (records.length === limit || after === range.after) return records.reverse();
    }
    return [];
  }

  async count({ after, upTo, where, parameters }: PlaceRange, options: RangeOptions = {}): Promise<number> {
    const [[count] = [0]] = await this.#clickhouse.query<[number]>(
      `SELECT count() FROM logs WHERE ${RANGE} AND (${where})`,
      { ...options, parameters: { ...parameters, after, up_to: upTo } },
    );
    return count;
  }

  #selectRange(
    { after, upTo, where, parameters }: PlaceRange,
    direction: 'ASC' | 'DESC',
    limit: number,
    options: RangeOptions,
  ): Promise<StoredRecord[]> {
    return this.select(`WHERE ${RANGE} AND (${where}) ORDER BY seq ${direction} LIMIT {limit:UInt32}`, {
      ...options,
      parameters: { ...parameters, after, up_to: upTo, limit },
    });
  }
}

const RANGE = 'seq > {after:UInt64} AND seq <= {up_to:UInt64}';

/**
 * The idempotency key of the request that a row carries: all up to the last quotation mark. Nearly all rows carry none, and
 * the engine stores and reads them as a sparse column: 20 million rows with 100,000 requests are looked through in 50 ms
 * of CPU. An index would cost each row of an insert 1 µs.
 */
const REQUEST_KEY = `substring(request, 1, length(request) - position(reverse(request), '"') + 1)`;
export const HASH_BYTES = 8;
