import { randomUUID } from 'node:crypto';
import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';

/** Work that only one of several servers does. */
export interface Lease {
  /** True while this server is the one; asks the others where its own knowledge is old. */
  held(): Promise<boolean>;
  /** Gives it to another server at once. */
  release(): Promise<void>;
}

/** Where one process holds the store there is no other server. */
export const SOLE_LEASE: Lease = { held: async () => true, release: async () => {} };

export interface LeaseTimes {
  /** So long a sign of life is good. */
  readonly lifeSeconds: number;
  /** Between two of them. */
  readonly beatSeconds: number;
}

const COLUMNS = ['name', 'holder', 'asked', 'seen'] as const;
const NOW = 'toUInt64(toUnixTimestamp64Micro(now64(6)))';

/**
 * Of the servers that gave a sign of life lately, the one that asked first has the lease. The store knows no
 * compare-and-set, so a server that comes later never takes it from one that lives, and one that was away for longer than
 * a sign of life is good asks anew and stands behind the others. All times are the store's.
 */
export class StoreLease implements Lease {
  readonly #clickhouse: ClickHouse;
  readonly #name: string;
  readonly #times: LeaseTimes;
  #holder = '';
  #asked = 0;
  #seen = 0;
  #held = false;
  /** By this server's own steady clock, seconds. */
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
    // A sign of life that is as old as the others' patience: somebody else may have the lease by now.
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
    // One that asked at the same moment may not be seen yet, so a new one waits for its next sign of life.
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
