/**
 * Memory that many hold for a while and that each can give up, within one bound for all of them. Nobody waits: what exceeds the
 * bound is taken from whoever has held its part longest, which is whoever makes no progress.
 */
export class HeldMemory {
  readonly #limit: number;
  /** In the order in which they began to hold. */
  readonly #holders = new Set<Holder>();
  #held = 0;
  /** How many had to give up what they held. */
  givenUp = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  /**
   * @param giveUp lets go of the memory; called at most once, and not after `release`
   * @returns `release`
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
