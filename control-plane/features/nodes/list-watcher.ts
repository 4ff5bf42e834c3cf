import type { Redis } from 'ioredis';
import { addReadList, toPart } from './node-list.ts';

export interface ListReader {
  /** Number of the list's entries that were delivered. */
  index: number;
  /** False where the reader can take no more now; it is asked again. */
  readonly ready: () => boolean;
  /** Called with entries in order; may be called with none when the connection is back. */
  readonly onEntries: (texts: readonly string[]) => void;
  readonly onLost: () => void;
}

const POLL_MILLISECONDS = 250;
const MAX_ENTRIES = 2_000;
/** Bytes of one read of a list; a bound, because many lists are followed at once. */
const MAX_BYTES = 1024 * 1024;

/**
 * Follows Redis lists that anybody may push to. All lists with a reader are read together, so that a thousand lists take
 * one round trip.
 */
export class ListWatcher {
  readonly #redis: Redis;
  readonly #readers = new Map<string, Set<ListReader>>();
  #timer: NodeJS.Timeout | undefined;
  #polling = false;
  #lost = false;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** @returns a function that ends it */
  watch(key: string, reader: ListReader): () => void {
    const readers = this.#readers.get(key) ?? new Set();
    this.#readers.set(key, readers.add(reader));
    if (this.#lost) reader.onLost();
    this.#timer ??= setTimeout(() => this.#poll([...this.#readers.keys()]), 0);
    return () => {
      readers.delete(reader);
      if (readers.size === 0) this.#readers.delete(key);
    };
  }

  /** Wakes the readers of a list that something was pushed to. */
  nudge(key: string): void {
    if (this.#readers.has(key) && !this.#polling) this.#read([key]).catch(() => {});
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#readers.clear();
  }

  async #poll(keys: readonly string[]): Promise<void> {
    this.#polling = true;
    try {
      await this.#read(keys);
      this.#lost = false;
    } catch {
      if (!this.#lost)
        for (const readers of this.#readers.values()) for (const reader of readers) reader.onLost();
      this.#lost = true;
    }
    this.#polling = false;
    this.#timer =
      this.#readers.size === 0
        ? undefined
        : setTimeout(() => this.#poll([...this.#readers.keys()]), POLL_MILLISECONDS);
  }

  async #read(keys: readonly string[]): Promise<void> {
    const asked: { readonly key: string; readonly from: number }[] = [];
    const pipeline = this.#redis.pipeline();
    for (const key of keys) {
      const ready = [...(this.#readers.get(key) ?? [])].filter((reader) => reader.ready());
      if (ready.length === 0) continue;
      const from = Math.min(...ready.map(({ index }) => index));
      asked.push({ key, from });
      addReadList(pipeline, key, { from, maxEntries: MAX_ENTRIES, maxBytes: MAX_BYTES });
    }
    if (asked.length === 0) return;
    const answers = (await pipeline.exec()) ?? [];
    for (const [index, { key, from }] of asked.entries()) {
      const [error, answer] = answers[index] ?? [];
      // A key that is no list fails alone.
      if (error && !/^WRONGTYPE/.test(error.message)) throw error;
      if (!error) this.#give(key, from, toPart(answer).texts);
    }
  }

  #give(key: string, from: number, texts: readonly string[]): void {
    for (const reader of this.#readers.get(key) ?? []) {
      if (!reader.ready() || reader.index < from) continue;
      const fresh = texts.slice(reader.index - from);
      if (fresh.length === 0) continue;
      reader.index += fresh.length;
      reader.onEntries(fresh);
    }
  }
}
