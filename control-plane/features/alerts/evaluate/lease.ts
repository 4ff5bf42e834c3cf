import { randomUUID } from 'node:crypto';
import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';

/** Work that only one of several servers does. */
export interface Lease {
  /** True while this server has the lease; reads the store where its own knowledge is old. */
  held(): Promise<boolean>;
  /** Gives up the lease, so that another server gets it at once. */
  release(): Promise<void>;
}

/** The lease of a process that is the only one on its store. */
export const SOLE_LEASE: Lease = { held: async () => true, release: async () => {} };

export interface LeaseTimes {
  /** How long a heartbeat is valid. */
  readonly lifeSeconds: number;
  /** Interval of heartbeats. */
  readonly beatSeconds: number;
}

const COLUMNS = ['name', 'holder', 'asked', 'seen'] as const;
const NOW = 'toUInt64(toUnixTimestamp64Micro(now64(6)))';

/**
 * Of the servers with a valid heartbeat, the one that asked first has the lease. The store has no compare-and-set, so a later server
 * never takes the lease from a living one, and a server whose heartbeat has expired asks anew and queues behind the
 * others. All times are the store's.
 */
export class StoreLease implements Lease {
  readonly #clickhouse: ClickHouse;
  readonly #name: string;
  readonly #times: LeaseTimes;
  #holder = '';
  #asked = 0;
  #seen = 0;
  #held = false;
  /** When the last heartbeat was sent, in seconds of this server's monotonic clock. */
  #beat = Number.NEGATIVE_INFINITY;

  constructor(clickhouse: ClickHouse, name: string, times: LeaseTimes = { lifeSeconds: 15, beatSeconds: 4 }) {
    this.#clickhouse = clickhouse;
    this.#name = name;
    this.#times = times;
  }

  async held(): Promise<boolean> {
    const { lifeSeconds, beatSeconds } = this.#times;
    const age = performance.now() / 1000 - this.#beat;
    if (age < beatSeconds) return this.#held;
    // The last heartbeat may have expired for the others, so another server may have the lease by now.
    if (age > lifeSeconds - beatSeconds) this.#holder = '';
    this.#held = false;
    const beat = performance.now() / 1000;
    const [[now] = [0]] = await this.#clickhouse.query<[number]>(`SELECT ${NOW}`);
    const isNew = this.#holder === '';
    if (isNew) {
      this.#holder = randomUUID();
      this.#asked = now;
    }
    await this.#write(now);
    this.#seen = now;
    this.#beat = beat;
    const [first] = await this.#clickhouse.query<[string]>(
      `SELECT holder FROM (
         SELECT holder, argMax(asked, seen) AS first_asked, max(seen) AS last_seen FROM leases
         WHERE name = {name:String} GROUP BY holder
       ) WHERE last_seen > ${NOW} - {life:UInt64} ORDER BY first_asked, holder LIMIT 1`,
      { parameters: { name: this.#name, life: Math.round(lifeSeconds * 1_000_000) } },
    );
    // A server that asked at the same moment may not be visible yet, so a new one waits for its next heartbeat.
    this.#held = !isNew && first?.[0] === this.#holder;
    return this.#held;
  }

  async release(): Promise<void> {
    if (this.#holder === '') return;
    this.#held = false;
    await this.#write(this.#seen + 1, 'gone');
    this.#holder = '';
  }

  async #write(seen: number, gone?: 'gone'): Promise<void> {
    const asked = gone ? Number.MAX_SAFE_INTEGER : this.#asked;
    const row = JSON.stringify([this.#name, this.#holder, asked, seen]);
    await this.#clickhouse.insert('leases', COLUMNS, {
      format: 'JSONCompactEachRow',
      pieces: [Buffer.from(`${row}\n`)],
    });
  }
}
