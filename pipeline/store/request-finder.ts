import { unavailable } from '../runtime/errors.ts';
import { ClickHouseError } from './clickhouse.ts';
import type { LogStore } from './log-store.ts';
import { idempotencyKey, type RequestProgress } from './request-progress.ts';

export interface RequestFinderOptions {
  readonly store: Pick<LogStore, 'findRequests'>;
  /** Called where damage keeps the store from answering: the requests then count as new. */
  readonly onDamage: (message: string) => void;
}

interface Search {
  readonly key: string;
  readonly since: number;
  readonly resolve: (found: RequestProgress | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Keys of one statement: so many have room even with the longest agent names. */
const MAX_KEYS = 200;

/**
 * Finds requests by their rows in the store. One statement runs at a time and looks for all requests that were asked for while the
 * one before ran, so that many repetitions cost hardly more than one.
 */
export class RequestFinder {
  readonly #options: RequestFinderOptions;
  readonly #waiting: Search[] = [];
  #running = false;

  constructor(options: RequestFinderOptions) {
    this.#options = options;
  }

  /**
   * @param since milliseconds since 1970; rows that came in before are not searched
   * @returns how far the request is stored; undefined where it is not
   * @throws LogplaneError `unavailable` where the store does not answer: the request has to be sent again
   */
  find(key: string, since: number): Promise<RequestProgress | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, since, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const searches = this.#waiting.splice(0, MAX_KEYS);
      try {
        const found = await this.#findAll(searches);
        for (const { key, resolve } of searches) resolve(found.get(key));
      } catch (error) {
        for (const { reject } of searches) reject(error);
      }
    }
    this.#running = false;
  }

  async #findAll(searches: readonly Search[]): Promise<ReadonlyMap<string, RequestProgress>> {
    const keys = [...new Set(searches.map(({ key }) => key))];
    const since = Math.min(...searches.map((search) => search.since));
    try {
      const requests = await this.#options.store.findRequests(keys, Math.max(0, Math.floor(since * 1000)));
      return new Map(
        requests.map(({ agent, digest, ...progress }) => [idempotencyKey(agent, digest), progress]),
      );
    } catch (error) {
      if (!(error instanceof ClickHouseError && error.damaged)) {
        throw unavailable(
          'the store does not answer whether it has these records; send them again after Retry-After',
          error,
        );
      }
      // Rejecting the requests would hold up their senders for as long as the damage lasts, which may be for ever.
      this.#options.onDamage(
        `damaged rows hide whether ${keys.length} repeated requests are stored: they are stored, perhaps a second time (${error.message})`,
      );
      return new Map();
    }
  }
}
