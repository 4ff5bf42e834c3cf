/** Work that is done one after the other, whether the one before succeeded or not. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when everything that came before has ended. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Resolves when everything that came before has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
