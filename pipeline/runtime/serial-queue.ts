/** Runs asynchronous work one piece at a time, in the order in which it came; a failure does not stop the queue. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when everything before it has ended; resolves or rejects as the work does. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Resolves when everything in the queue has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
