import { unavailable } from '../runtime/errors.ts';

const MAX_WAIT_MILLISECONDS = 20_000;

/** Hands out a fixed number of resources, first come, first served; the number of waiting callers and their wait are bounded. */
export class ResourcePool<T> {
  readonly #name: string;
  readonly #free: T[];
  readonly #size: number;
  readonly #waiting = new Set<(resource: T) => void>();
  readonly #maxWaiting: number;
  readonly #maxWaitMilliseconds: number;

  constructor(
    name: string,
    resources: readonly T[],
    maxWaiting: number,
    maxWaitMilliseconds = MAX_WAIT_MILLISECONDS,
  ) {
    this.#name = name;
    this.#free = [...resources];
    this.#size = resources.length;
    this.#maxWaiting = maxWaiting;
    this.#maxWaitMilliseconds = maxWaitMilliseconds;
  }

  /** Takes a resource for the time of the work. @throws as `take` does */
  async use<Result>(work: (resource: T) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const resource = await this.take(signal);
    try {
      return await work(resource);
    } finally {
      this.release(resource);
    }
  }

  /**
   * @param signal aborts the wait
   * @throws LogplaneError `unavailable` where too many wait, or none became free in time; the signal's reason
   */
  async take(signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const resource = this.#free.pop();
    if (resource !== undefined) return resource;
    if (this.#waiting.size >= this.#maxWaiting) {
      throw unavailable(`${this.#maxWaiting} ${this.#name} are waiting already; try again later`);
    }
    return this.#wait(signal);
  }

  release(resource: T): void {
    for (const next of this.#waiting) {
      next(resource);
      return;
    }
    this.#free.push(resource);
  }

  #wait(signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(next);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const next = (resource: T) => {
        leave();
        resolve(resource);
      };
      const onAbort = () => {
        leave();
        reject(signal!.reason);
      };
      const timer = setTimeout(() => {
        leave();
        reject(
          unavailable(
            `${this.#size} ${this.#name} run at once, and none of them ended within ${this.#maxWaitMilliseconds / 1000} s; try again later`,
          ),
        );
      }, this.#maxWaitMilliseconds);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(next);
    });
  }
}
