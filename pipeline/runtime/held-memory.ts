/**
 * Memory that many holders use for a while, within one bound for all of them. Nobody waits for memory: where the bound is exceeded, the
 * holder that has held its part longest gives it up, because it makes the least progress.
 */
export class HeldMemory {
  readonly #limit: number;
  /** In the order in which they began to hold. */
  readonly #holders = new Set<Holder>();
  #held = 0;
  /** How many holders had to give up their memory. */
  givenUp = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  /**
   * @param bytes what the caller holds
   * @param giveUp drops the memory; called at most once, and never after the memory was released
   * @returns a function that releases the memory
   */
  hold(bytes: number, giveUp: () => void): () => void {
    const holder = { bytes, giveUp };
    this.#holders.add(holder);
    this.#held += bytes;
    for (const oldest of this.#holders) {
      if (this.#held <= this.#limit || oldest === holder) break;
      this.#release(oldest);
      this.givenUp++;
      oldest.giveUp();
    }
    return () => this.#release(holder);
  }

  #release(holder: Holder): void {
    if (this.#holders.delete(holder)) this.#held -= holder.bytes;
  }
}

interface Holder {
  readonly bytes: number;
  readonly giveUp: () => void;
}
