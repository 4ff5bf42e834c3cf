import { overloaded } from '../errors.ts';

/** Hands out a fixed number of things, first come, first served; only so many callers may wait. */
export class ResourcePool<T> {
  readonly #name: string;
  readonly #free: T[];
  readonly #waiting: ((resource: T) => void)[] = [];
  readonly #maxWaiting: number;

  constructor(name: string, resources: readonly T[], maxWaiting: number) {
    this.#name = name;
    this.#free = [...resources];
    this.#maxWaiting = maxWaiting;
  }

  /** Takes one for the time of the work. */
  async use<Result>(work: (resource: T) => Promise<Result>): Promise<Result> {
    const resource = await this.take();
    try {
      return await work(resource);
    } finally {
      this.release(resource);
    }
  }

  async take(): Promise<T> {
    const resource = this.#free.pop();
    if (resource !== undefined) return resource;
    if (this.#waiting.length >= this.#maxWaiting) {
      throw overloaded(`${this.#maxWaiting} ${this.#name} are waiting already; try again later`);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(resource: T): void {
    const next = this.#waiting.shift();
    if (next) next(resource);
    else this.#free.push(resource);
  }
}
