import type { Redis } from 'ioredis';
import type { EntryDraft, NodeEntry } from './node-entry.ts';

export interface PendingEntriesOptions {
  readonly redis: Redis;
  readonly keyOf: (nodeId: string) => string;
  readonly ttlSeconds: number;
  /** All of a node's entries, for a list that Redis has lost. */
  readonly restore: (nodeId: string) => Promise<readonly EntryDraft[]>;
}

const MOST_WAITING = 50_000;
const MOST_NODES = 10_000;
const LOOK_BACK = 200;

/** Fills a list only where there is none: several processes may find it lost. */
const RESTORE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for i = 2, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return #ARGV - 1`;

/**
 * Pushes entries to the lists of nodes. While Redis is away they wait here, up to a bound; they are stored as records
 * already, so what goes beyond it is missing in the list alone.
 */
export class PendingEntries {
  readonly #options: PendingEntriesOptions;
  readonly #waiting = new Map<string, NodeEntry[]>();
  /** Nodes that this process pushed for, least recent first: their lists are looked after. */
  readonly #nodes = new Set<string>();
  readonly #onReady: () => void;
  #count = 0;
  #flushing: Promise<void> | undefined;

  constructor(options: PendingEntriesOptions) {
    this.#options = options;
    this.#onReady = () => {
      this.#flushing ??= this.#flush()
        .catch(() => {})
        .finally(() => {
          this.#flushing = undefined;
        });
    };
    options.redis.on('ready', this.#onReady);
  }

  get count(): number {
    return this.#count;
  }

  /** @returns the list's length; undefined where the entries wait */
  async push(nodeId: string, entries: readonly NodeEntry[]): Promise<number | undefined> {
    this.#rememberNode(nodeId);
    if (this.#waiting.has(nodeId) || this.#flushing) {
      this.#wait(nodeId, entries);
      if (this.#options.redis.status === 'ready') this.#onReady();
      return undefined;
    }
    try {
      return await this.#send(nodeId, entries);
    } catch {
      this.#wait(nodeId, entries);
      return undefined;
    }
  }

  stop(): void {
    this.#options.redis.off('ready', this.#onReady);
  }

  async #send(nodeId: string, entries: readonly NodeEntry[]): Promise<number> {
    const { redis, keyOf, ttlSeconds } = this.#options;
    const texts = entries.map((entry) => JSON.stringify(entry));
    const answers = await redis
      .multi()
      .rpush(keyOf(nodeId), ...texts)
      .expire(keyOf(nodeId), ttlSeconds)
      .exec();
    const [[error, length] = []] = answers ?? [];
    if (error) throw error;
    return length as number;
  }

  async #flush(): Promise<void> {
    // What is pushed meanwhile waits: its node comes to the end, and so has its turn again.
    for (const nodeId of this.#nodes) {
      try {
        await this.#flushNode(nodeId);
      } catch (error) {
        // Where the key is no list, that node alone has none.
        if (!/^WRONGTYPE/.test((error as Error).message)) throw error;
      }
    }
  }

  /** A list that was lost is filled from the records, another one gets what waits. */
  async #flushNode(nodeId: string): Promise<void> {
    const { redis, keyOf, ttlSeconds, restore } = this.#options;
    const key = keyOf(nodeId);
    if ((await redis.exists(key)) === 0) {
      const texts = (await restore(nodeId)).map((entry) => JSON.stringify(entry));
      this.#take(nodeId);
      if (texts.length > 0) await redis.eval(RESTORE, 1, key, ttlSeconds, ...texts);
    }
    for (let entries = this.#take(nodeId); entries.length > 0; entries = this.#take(nodeId)) {
      try {
        // The connection may have broken between a push and its answer.
        const there = new Set(await redis.lrange(key, -LOOK_BACK, -1));
        const missing = entries.filter((entry) => !there.has(JSON.stringify(entry)));
        if (missing.length > 0) await this.#send(nodeId, missing);
      } catch (error) {
        const later = this.#take(nodeId);
        this.#wait(nodeId, [...entries, ...later]);
        throw error;
      }
    }
  }

  #take(nodeId: string): NodeEntry[] {
    const entries = this.#waiting.get(nodeId) ?? [];
    this.#waiting.delete(nodeId);
    this.#count -= entries.length;
    return entries;
  }

  #wait(nodeId: string, entries: readonly NodeEntry[]): void {
    const kept = entries.slice(0, MOST_WAITING - this.#count);
    this.#waiting.set(nodeId, [...(this.#waiting.get(nodeId) ?? []), ...kept]);
    this.#count += kept.length;
  }

  #rememberNode(nodeId: string): void {
    this.#nodes.delete(nodeId);
    this.#nodes.add(nodeId);
    for (const oldest of this.#nodes) {
      if (this.#nodes.size <= MOST_NODES) return;
      this.#nodes.delete(oldest);
    }
  }
}
