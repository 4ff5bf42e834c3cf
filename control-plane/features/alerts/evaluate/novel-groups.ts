import { createHash } from 'node:crypto';

/** Groups that came again after a while, which makes them usual. */
const MAX_KNOWN = 50_000;
/** Groups that came in one spell alone; a sender of invented texts fills only these. */
const MAX_RECENT = 20_000;
const CONFIRM_SECONDS = 600;
/** How long a rule learns usual groups before it reports new ones. */
const LEARN_SECONDS = 3_600;

interface Recent {
  readonly first: number;
  /** The group counts as new until then. */
  readonly until: number;
}

/**
 * Remembers which groups of a rule have been seen; a new group counts as new for the length of a window. The memory is bounded: of the
 * groups that came once, and of those that came again, the least recently seen are forgotten, and would be new once more. A group takes
 * some 100 bytes, because only a hash of its labels is kept.
 */
export class NovelGroups {
  readonly #window: number;
  /** The most recently seen group is the last. */
  readonly #known = new Set<number>();
  readonly #recent = new Map<number, Recent>();
  #learnsUntil = Number.POSITIVE_INFINITY;
  #forgotten = 0;

  constructor(window: number) {
    this.#window = window;
  }

  /** Number of groups that were forgotten to make room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Learns groups that were usual before the rule started, since `first`. The most frequent come first. */
  learn(groups: Iterable<{ readonly group: string; readonly first: number }>): void {
    for (const { group, first } of groups) {
      this.#learnsUntil = Math.min(this.#learnsUntil, first + LEARN_SECONDS);
      if (this.#known.size < MAX_KNOWN) this.#known.add(hashOf(group));
    }
  }

  /** Notes a group. @returns whether it counts as new */
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

/** 48 bits of a hash, which fit a number. A new text would go unnoticed only if its hash were that of a usual one. */
function hashOf(group: string): number {
  return createHash('sha256').update(group).digest().readUIntBE(0, 6);
}
