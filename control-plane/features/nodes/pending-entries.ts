import type { Redis } from 'ioredis';
import type { EntryDraft, NodeEntry } from './node-entry.ts';
import { readList } from './node-list.ts';

export interface PendingEntriesOptions {
  readonly redis: Redis;
  readonly keyOf: (nodeId: string) => string;
  readonly ttlSeconds: number;
  /** Returns all of a node's entries, for a list that Redis has lost. */
  readonly restore: (nodeId: string) => Promise<readonly EntryDraft[]>;
}

const MAX_WAITING = 50_000;
/** Characters of the entries that wait. */
const MAX_WAITING_LENGTH = 64 * 1024 * 1024;
const MAX_NODES = 10_000;
const LOOK_BACK = { from: -200, maxEntries: 200, maxBytes: 16 * 1024 * 1024 };

/** Fills a list only where it does not exist, because several processes may find it lost. */
const RESTORE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for i = 2, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return #ARGV - 1`;

/**
 * Pushes entries to the lists of nodes. While Redis is away they wait here, up to a bound. They are stored as records
 * already, so entries beyond the bound are missing only in the list.
 */
export class PendingEntries {
  readonly #options: PendingEntriesOptions;
  /** Texts of entries by node. */
  readonly #waiting = new Map<string, string[]>();
  /** Nodes that this process pushed entries for, least recent first; it maintains their lists. */
  readonly #nodes = new Set<string>();
  readonly #onReady: () => void;
  #count = 0;
  #length = 0;
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
    const texts = entries.map((entry) => JSON.stringify(entry));
    if (this.#waiting.has(nodeId) || this.#flushing) {
      this.#wait(nodeId, texts);
      if (this.#options.redis.status === 'ready') this.#onReady();
      return undefined;
    }
    try {
      return await this.#send(nodeId, texts);
    } catch {
      this.#wait(nodeId, texts);
      return undefined;
    }
  }

  stop(): void {
    this.#options.redis.off('ready', this.#onReady);
  }

  async #send(nodeId: string, texts: readonly string[]): Promise<number> {
    const { redis, keyOf, ttlSeconds } = this.#options;
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
    // Entries that are pushed meanwhile wait; their node moves to the end, and so is flushed again.
    for (const nodeId of this.#nodes) {
      try {
        await this.#flushNode(nodeId);
      } catch (error) {
        // A key that is no list affects its own node alone.
        if (!/^WRONGTYPE/.test((error as Error).message)) throw error;
      }
    }
  }

  /** Fills a lost list from the records; pushes the waiting entries to any other one. */
  async #flushNode(nodeId: string): Promise<void> {
    const { redis, keyOf, ttlSeconds, restore } = this.#options;
    const key = keyOf(nodeId);
    if ((await redis.exists(key)) === 0) {
      const texts = (await restore(nodeId)).map((entry) => JSON.stringify(entry));
      this.#take(nodeId);
      if (texts.length > 0) await redis.eval(RESTORE, 1, key, ttlSeconds, ...texts);
    }
    for (let texts = this.#take(nodeId); texts.length > 0; texts = this.#take(nodeId)) {
      try {
        // The connection may have broken between a push and its response.
        const there = new Set((await readList(redis, key, LOOK_BACK)).texts);
        const missing = texts.filter((text) => !there.has(text));
        if (missing.length > 0) await this.#send(nodeId, missing);
      } catch (error) {
        const later = this.#take(nodeId);
        this.#wait(nodeId, [...texts, ...later]);
        throw error;
      }
    }
  }

  #take(nodeId: string): string[] {
    const texts = this.#waiting.get(nodeId) ?? [];
    this.#waiting.delete(nodeId);
    this.#count -= texts.length;
    for (const { length } of texts) this.#length -= length;
    return texts;
  }

  #wait(nodeId: string, texts: readonly string[]): void {
    const waiting = this.#waiting.get(nodeId) ?? [];
    this.#waiting.set(nodeId, waiting);
    for (const text of texts) {
      if (this.#count === MAX_WAITING || this.#length + text.length > MAX_WAITING_LENGTH) return;
      waiting.push(text);
      this.#count++;
      this.#length += text.length;
    }
  }

  #rememberNode(nodeId: string): void {
    this.#nodes.delete(nodeId);
    this.#nodes.add(nodeId);
    for (const oldest of this.#nodes) {
      if (this.#nodes.size <= MAX_NODES) return;
      this.#nodes.delete(oldest);
    }
  }
}
