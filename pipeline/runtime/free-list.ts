/** Objects with memory of their own that nobody uses now, kept to be used again: many small ones or a few large ones. */
export class FreeList<T> {
  readonly #free: { readonly item: T; readonly bytes: number }[] = [];
  readonly #maxBytes: number;
  readonly #maxItemBytes: number;
  #bytes = 0;

  /**
   * @param maxBytes of all items together
   * @param maxItemBytes of one item; a larger one is left to the garbage collector
   */
  constructor(maxBytes: number, maxItemBytes: number) {
    this.#maxBytes = maxBytes;
    this.#maxItemBytes = maxItemBytes;
  }

  take(): T | undefined {
    const taken = this.#free.pop();
    if (taken) this.#bytes -= taken.bytes;
    return taken?.item;
  }

  /** Keeps an item where there is room. */
  give(item: T, bytes: number): void {
    if (bytes > this.#maxItemBytes || this.#bytes + bytes > this.#maxBytes) return;
    this.#free.push({ item, bytes });
    this.#bytes += bytes;
  }
}
