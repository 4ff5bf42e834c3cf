import { createHash } from 'node:crypto';

/** Groups that came again after a while: what is usual. */
const MAX_KNOWN = 50_000;
/** Groups that came in one spell alone: whoever invents texts fills this and no more. */
const MAX_RECENT = 20_000;
const CONFIRM_SECONDS = 600;
/** So long a rule learns what is usual before anything is new to it. */
const LEARN_SECONDS = 3_600;

interface Recent {
  readonly first: number;
  /** Until then it is news. */
  readonly until: number;
}

/**
 * Remembers which groups of a rule have been seen, and says for the length of a window that one is new. It keeps hearing whatever comes:
 * of those that came once, and of those that came again, the ones not seen for longest are forgotten, and would be new once more. Each takes
 * some 100 bytes, for only a hash of its labels is kept.
 */
export class NovelGroups {
  readonly #window: number;
  /** Those used last stand last. */
  readonly #known = new Set<number>();
  readonly #recent = new Map<number, Recent>();
  #learnsUntil = Number.POSITIVE_INFINITY;
  #forgotten = 0;

  constructor(window: number) {
    this.#window = window;
  }

  /** Groups that were forgotten to make room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Groups that were usual before the rule looked, from `first` on. The most usual come first. */
  learn(groups: Iterable<{ readonly group: string; readonly first: number }>): void {
    for (const { group, first } of groups) {
      this.#learnsUntil = Math.min(this.#learnsUntil, first + LEARN_SECONDS);
      if (this.#known.size < MAX_KNOWN) this.#known.add(hashOf(group));
    }
  }

  /** False for a group that is no news. */
  see(group: string, at: number): boolean {
    this.#learnsUntil = Math.min(this.#learnsUntil, at + LEARN_SECONDS);
    const hash = hashOf(group);
    if (this.#known.delete(hash)) {
      this.#known.add(hash);
      return false;
    }
    const before = this.#recent.get(hash);
    this.#recent.delete(hash);
    if (before && before.until <= at && at - before.first >= CONFIRM_SECONDS) {
      this.#known.add(hash);
      this.#forgetOldest(this.#known, MAX_KNOWN);
      return false;
    }
    const until = at < this.#learnsUntil ? Number.NEGATIVE_INFINITY : at + this.#window;
    const recent = before ?? { first: at, until };
    this.#recent.set(hash, recent);
    this.#forgetOldest(this.#recent, MAX_RECENT);
    return at < recent.until;
  }

  isNovel(group: string, at: number): boolean {
    const recent = this.#recent.get(hashOf(group));
    return recent !== undefined && at < recent.until;
  }

  #forgetOldest(remembered: Set<number> | Map<number, Recent>, max: number): void {
    if (remembered.size <= max) return;
    const [oldest] = remembered.keys();
    remembered.delete(oldest!);
    this.#forgotten++;
  }
}

/** 48 bits are a number; to hide a new text, it would have to have the hash of a usual one. */
function hashOf(group: string): number {
  return createHash('sha256').update(group).digest().readUIntBE(0, 6);
}
