import type { ServerResponse } from 'node:http';
import { overloaded } from '../../pipeline/errors.ts';

/** The system's buffers take answers of this size whatever the client does. */
const SMALL_BYTES = 64 * 1024;

/** Bytes of finished answers that may wait in memory for clients that take them slowly. */
export class AnswerBudget {
  readonly #size: number;
  #held = 0;

  constructor(bytes: number) {
    this.#size = bytes;
  }

  /** Bytes that wait now. */
  get held(): number {
    return this.#held;
  }

  /**
   * Counts an answer until its client has taken it or has left.
   * @throws LogplaneError `overloaded` where it does not fit beside the others
   */
  hold(bytes: number, response: ServerResponse): void {
    // One that is closed already does not say so again.
    if (bytes <= SMALL_BYTES || response.destroyed) return;
    if (this.#held + bytes > this.#size) {
      throw overloaded(
        'answers that their clients have not taken yet fill the memory for answers; send it again',
      );
    }
    this.#held += bytes;
    response.once('close', () => {
      this.#held -= bytes;
    });
  }
}
