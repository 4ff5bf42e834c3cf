import { delay } from './delay.ts';

/** Between an attempt that fails and the next one: doubled each time, from the first to the maximum. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Share of a wait by which it is longer or shorter, so that many who failed together do not come back together; none where left out. */
  readonly jitter?: number;
  /** From 0 to below 1, for tests. */
  readonly random?: () => number;
}

/**
 * Milliseconds to wait after so many failures in a row. Our own, because the libraries for it call a function again and again, and most of
 * those who wait here are loops that look at other things too.
 * @param failures 1 or more
 */
export function backoffMs(failures: number, options: BackoffOptions): number {
  const { firstMs, maxMs, jitter = 0, random = Math.random } = options;
  const wait = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  return wait * (1 + jitter * (2 * random() - 1));
}

/** Counts the failures in a row of one thing that is tried again. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  /** An attempt failed. @returns milliseconds to wait until the next one */
  fail(): number {
    return backoffMs(++this.#failures, this.#options);
  }

  /** An attempt failed. Resolves when the next one is due, or at once when the signal is aborted. */
  wait(signal?: AbortSignal): Promise<void> {
    return delay(this.fail(), signal);
  }

  /** An attempt succeeded. */
  reset(): void {
    this.#failures = 0;
  }
}
