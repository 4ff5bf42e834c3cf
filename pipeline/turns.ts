/**
 * Lets long work be done in short pieces, one piece of one request between two looks for what else has come. With
 * `setImmediate` for each request, all of them went on in the same round of the event loop, and whoever asked something
 * waited for them at each of its steps.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Resolves when it is the caller's turn: the longest waiting first. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(this.#give);
    });
  }

  readonly #give = (): void => {
    this.#waiting.shift()!();
    if (this.#waiting.length > 0) setImmediate(this.#give);
  };
}
