import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { ClickHouseError } from '../../../pipeline/store/clickhouse.ts';
import type { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';

export interface NewestReadsOptions {
  readonly store: LogStore;
  readonly bus: LiveBus;
  /** SQL condition for the records that count. */
  readonly scope: string;
  /** Sequence number behind which nodes' records are kept. */
  readonly oldest: () => number;
}

/** A node's newest records, the oldest first, and the sequence number up to which there are no others. */
export interface NewestRecords {
  readonly records: readonly StoredRecord[];
  readonly upTo: number;
  /** Older records within the limit in number that the bound in bytes left out. */
  readonly leftOut: number;
}

interface Waiting {
  readonly nodeId: string;
  readonly limit: number;
  readonly after: number;
  readonly resolve: (found: NewestRecords) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_RECORDS = 20_000;
/** Bytes of the records of one statement. */
const MAX_BYTES = 8 * 1024 * 1024;
const SETTINGS = { max_execution_time: 30, max_threads: 1 };

/**
 * Reads the newest records of nodes for streams that open. A statement takes 10 ms however many nodes it reads, and thousands of
 * streams may open at once, so requests gather while a statement runs.
 */
export class NewestReads {
  readonly #options: NewestReadsOptions;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(options: NewestReadsOptions) {
    this.#options = options;
  }

  read(nodeId: string, limit: number, after: number): Promise<NewestRecords> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ nodeId, limit, after, resolve, reject });
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length > 0) await this.#readSome(this.#take());
    this.#running = false;
  }

  /** Takes the waiting requests with the same limit as the first one, as many as keep the result small. */
  #take(): Waiting[] {
    const { limit } = this.#waiting[0]!;
    const max = Math.max(1, Math.floor(MAX_RECORDS / limit));
    const taken = this.#waiting.filter((waiting) => waiting.limit === limit).slice(0, max);
    const set = new Set(taken);
    this.#waiting = this.#waiting.filter((waiting) => !set.has(waiting));
    return taken;
  }

  async #readSome(taken: readonly Waiting[]): Promise<void> {
    const { store, bus, scope, oldest } = this.#options;
    const upTo = bus.watermark;
    const { limit, nodeId } = taken[0]!;
    const options = {
      parameters: {
        after: Math.max(oldest(), Math.min(...taken.map(({ after }) => after))),
        up_to: upTo,
        nodes: [...new Set(taken.map((waiting) => waiting.nodeId))],
        limit,
      },
      settings: SETTINGS,
    };
    const where = `WHERE seq > {after:UInt64} AND seq <= {up_to:UInt64} AND node_id IN {nodes:Array(String)} AND ${scope}
      ORDER BY seq DESC LIMIT {limit:UInt32}`;
    try {
      const { records, leftOut } = taken.every((waiting) => waiting.nodeId === nodeId)
        ? await store.selectWithin(MAX_BYTES, limit, where, options)
        : {
            records: await store.select(`${where} BY node_id`, {
              ...options,
              settings: { ...SETTINGS, max_result_bytes: MAX_BYTES },
            }),
            leftOut: 0,
          };
      const ofNode = new Map<string, StoredRecord[]>();
      for (const waiting of taken) ofNode.set(waiting.nodeId, []);
      for (const record of records.toReversed()) ofNode.get(record.node_id)!.push(record);
      for (const { nodeId: id, after, resolve } of taken) {
        const found = ofNode.get(id)!.filter(({ seq }) => seq > after);
        resolve({ records: found, upTo: Math.max(upTo, after), leftOut });
      }
    } catch (error) {
      if (taken.length > 1 && error instanceof ClickHouseError && error.exceedsBytes) {
        // Together they exceed the bound, so each gets a statement of its own.
        for (const waiting of taken) await this.#readSome([waiting]);
        return;
      }
      for (const { reject } of taken) reject(error);
    }
  }
}
