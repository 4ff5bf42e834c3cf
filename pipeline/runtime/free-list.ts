/** Things with memory of their own that nobody uses now, to be used again: many small ones or a few large ones. */
export class FreeList<T> {
  readonly #free: { readonly item: T; readonly bytes: number }[] = [];
  readonly #mostBytes: number;
  readonly #mostItemBytes: number;
  #bytes = 0;

  /**
   * @param mostBytes of all that is kept
   * @param mostItemBytes of one: an outsize one is left to the garbage collector
   */
  constructor(mostBytes: number, mostItemBytes: number) {
    this.#mostBytes = mostBytes;
    this.#mostItemBytes = mostItemBytes;
  }

  take(): T | undefined {
    const taken = this.#free.pop();
    if (taken) this.#bytes -= taken.bytes;
    return taken?.item;
  }

  /** Keeps it where there is room. */
  give(item: T, bytes: number): void {
    if (bytes > this.#mostItemBytes || this.#bytes + bytes > this.#mostBytes) return;
    this.#free.push({ item, bytes });
    this.#bytes += bytes;
  }
}
