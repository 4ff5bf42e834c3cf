const MOST_UNDERSCORES = 8;

/**
 * Names for fields whose own name is taken: with an underscore behind it, or as many as it takes, and where that does not end soon with a
 * number. Looking for the names of thousands of fields of one name takes time linear in their number.
 */
export class FreeNames {
  readonly #next = new Map<string, number>();

  find(name: string, isFree: (candidate: string) => boolean): string {
    let candidate = name;
    for (let count = 0; count < MOST_UNDERSCORES; count++) {
      candidate += '_';
      if (isFree(candidate)) return candidate;
    }
    for (let number = this.#next.get(name) ?? MOST_UNDERSCORES + 1; ; number++) {
      candidate = `${name}_${number}`;
      if (!isFree(candidate)) continue;
      this.#next.set(name, number + 1);
      return candidate;
    }
  }
}
