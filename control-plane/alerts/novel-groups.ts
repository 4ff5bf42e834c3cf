/** Groups whose shapes are remembered; beyond, a rule says nothing of new ones any more. */
const MAX_KNOWN = 100_000;
/** So long a rule learns what is usual before anything is new to it. */
const LEARN_SECONDS = 3_600;

/** Remembers which groups of a rule have been seen, and tells for the length of a window that one is new. */
export class NovelGroups {
  readonly #window: number;
  readonly #known = new Set<string>();
  readonly #novelUntil = new Map<string, number>();
  #learnsUntil = Number.POSITIVE_INFINITY;

  constructor(window: number) {
    this.#window = window;
  }

  /** False for a group that is no news. @param learn it was there before the rule looked */
  see(group: string, at: number, learn: boolean): boolean {
    this.#learnsUntil = Math.min(this.#learnsUntil, at + LEARN_SECONDS);
    if (this.#known.has(group)) return (this.#novelUntil.get(group) ?? 0) > at;
    if (this.#known.size >= MAX_KNOWN) return false;
    this.#known.add(group);
    if (learn || at < this.#learnsUntil) return false;
    this.#novelUntil.set(group, at + this.#window);
    return true;
  }

  isNovel(group: string, at: number): boolean {
    const until = this.#novelUntil.get(group);
    if (until === undefined) return false;
    if (at < until) return true;
    this.#novelUntil.delete(group);
    return false;
  }
}
