import { overloaded } from '../errors.ts';
import type { StoredRecord } from '../record/log-record.ts';
import { decodeRequest, type KnownRequest } from '../request-window.ts';
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

  /** Requests whose records came in after a place, oldest first. */
  async requestsAfter(place: number): Promise<KnownRequest[]> {
    const rows = await this.#clickhouse.query<[string]>(
      "SELECT request FROM logs WHERE seq > {place:UInt64} AND request != '' " +
        'ORDER BY seq DESC LIMIT 256 BY JSONExtractString(request, 1)',
      { parameters: { place } },
    );
    return rows.map(([mark]) => decodeRequest(mark)).reverse();
  }

  /**
   * How far a request is stored whose records came in after a place.
   * @throws LogplaneError `overloaded` when the store cannot tell now, whatever the reason: its sender is to come again
   */
  async findRequest(agent: string, digest: string, after: number): Promise<KnownRequest | undefined> {
    const mark = JSON.stringify([agent, digest]).slice(0, -1);
    try {
      const [row] = await this.#clickhouse.query<[string]>(
        'SELECT request FROM logs WHERE seq > {after:UInt64} AND startsWith(request, {mark:String}) ORDER BY seq DESC LIMIT 1',
        { parameters: { after, mark } },
      );
      return row && decodeRequest(row[0]);
    } catch (error) {
      throw overloaded('the store cannot tell now whether it has these records; send them again', error);
    }
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
