import type { FindStored, KnownRequest, RequestProgress, SharedRequests } from './request-window.ts';

const MOST = 10_000;
/** An insert is repeated and waited for before it fails: its places are older than that moment, in milliseconds. */
export const LONGEST_INSERT = 10 * 60_000;

/**
 * Requests of this process whose insert failed on its way to a ClickHouse server: it may have been done all the same and
 * its answer lost, so that their repetitions are looked for in the store.
 */
export class DoubtfulRequests implements SharedRequests {
  readonly #findStored: FindStored;
  /** Milliseconds since 1970 before the first attempt; the oldest first. */
  readonly #since = new Map<string, number>();

  constructor(findStored: FindStored) {
    this.#findStored = findStored;
  }

  async claim(agent: string, digest: string): Promise<RequestProgress | undefined> {
    const since = this.#since.get(keyOf(agent, digest));
    return since === undefined ? undefined : this.#findStored(agent, digest, since);
  }

  async record({ agent, digest }: KnownRequest): Promise<void> {
    this.#since.delete(keyOf(agent, digest));
  }

  async giveUp(agent: string, digest: string): Promise<void> {
    const key = keyOf(agent, digest);
    if (this.#since.has(key)) return;
    this.#since.set(key, Date.now() - LONGEST_INSERT);
    const [oldest] = this.#since.keys();
    if (this.#since.size > MOST && oldest !== undefined) this.#since.delete(oldest);
  }
}

const keyOf = (agent: string, digest: string) => `${digest} ${agent}`;
