const MAX_UNDERSCORES = 8;

/**
 * Finds names for fields whose own name is taken: the name with as many underscores behind it as it takes, up to a bound, then
 * with a number. The names of thousands of fields of one name are found in time linear in their number.
 */
export class FreeNames {
  readonly #next = new Map<string, number>();

  find(name: string, isFree: (candidate: string) => boolean): string {
    let candidate = name;
    for (let count = 0; count < MAX_UNDERSCORES; count++) {
      candidate += '_';
      if (isFree(candidate)) return candidate;
    }
    for (let number = this.#next.get(name) ?? MAX_UNDERSCORES + 1; ; number++) {
      candidate = `${name}_${number}`;
      if (!isFree(candidate)) continue;
      this.#next.set(name, number + 1);
      return candidate;
    }
  }
}
