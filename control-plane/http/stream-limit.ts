import { LogplaneError } from '../../pipeline/runtime/errors.ts';

const RETRY_SECONDS = 5;

/** Counts open streams by client, so that one client cannot use up all of them. */
export class StreamLimit {
  readonly #max: number;
  readonly #open = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * @returns a function that counts the stream as closed
   * @throws LogplaneError `rate_limited`
   */
  enter(client: string): () => void {
    const open = this.#open.get(client) ?? 0;
    if (open >= this.#max) {
      throw new LogplaneError(
        'rate_limited',
        `streams: expected at most ${this.#max} open ones of a client; close one, or send several queries on one stream (queries)`,
        { retryAfterSeconds: RETRY_SECONDS },
      );
    }
    this.#open.set(client, open + 1);
    return () => this.#leave(client);
  }

  #leave(client: string): void {
    const left = this.#open.get(client)! - 1;
    if (left === 0) this.#open.delete(client);
    else this.#open.set(client, left);
  }
}
