import {
  hashKey,
  idempotencyKey,
  type RequestProgress,
  type StoredRequest,
} from '../store/request-progress.ts';
import { SeenRequests } from './seen-requests.ts';

/** What several server processes know of requests together. */
export interface SharedRequests {
  /**
   * Makes a request this process's until it is released.
   * @returns since when another process may have stored some of it, in milliseconds since 1970; undefined: it is new
   * @throws LogplaneError `overloaded` while another process takes it in
   */
  claim(agent: string, digest: string): Promise<number | undefined>;
  release(agent: string, digest: string): Promise<void>;
}

/** How far the store has one of the requests whose rows came in after a time, in milliseconds since 1970. */
export type FindStored = (key: string, since: number) => Promise<RequestProgress | undefined>;

export interface KnownRequestsOptions {
  readonly findStored: FindStored;
  readonly shared?: SharedRequests | undefined;
  readonly seen?: SeenRequests;
}

/** An insert is repeated and waited for before it fails, so its rows may be so much older, in milliseconds. */
const MAX_INSERT_MS = 10 * 60_000;
/** How far the clocks of two machines may differ, in milliseconds. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000;
const MAX_RECENT = 20_000;

interface Recent {
  readonly progress: RequestProgress | undefined;
  /** An insert failed and may have been done all the same. */
  readonly uncertain: boolean;
}

/**
 * By what a request is known that comes again. The truth is in the rows, stored with them or not at all; the rest saves
 * asking the store. The latest requests are remembered with their progress. Of many more the hashes alone are, so that a
 * new request is known to be new. Only what has been seen, or is older than what is remembered, is looked for in the rows.
 */
export class KnownRequests {
  readonly #options: KnownRequestsOptions;
  readonly #recent = new Map<string, Recent>();
  readonly seen: SeenRequests;

  constructor(options: KnownRequestsOptions) {
    this.#options = options;
    this.seen = options.seen ?? new SeenRequests(Date.now());
  }

  /**
   * How far a request is stored; undefined where it is new. It is then to be stored, and afterwards released.
   * @param readTime the time that a record of it carries, in milliseconds since 1970: it cannot have come in long before
   * @throws LogplaneError `overloaded` where that cannot be known now
   */
  async claim(
    agent: string,
    digest: string,
    readTime: () => number | undefined,
  ): Promise<RequestProgress | undefined> {
    const key = idempotencyKey(agent, digest);
    const hash = hashKey(key);
    const recent = this.#recent.get(nameOf(hash));
    const { shared, findStored } = this.#options;
    const elsewhere = await shared?.claim(agent, digest);
    if (recent && !recent.uncertain) return recent.progress;
    const since = earliest(elsewhere, this.seen.find(hash) ?? this.#sinceOfUnknown(readTime));
    if (since === undefined) return undefined;
    try {
      const stored = await findStored(key, since - MAX_INSERT_MS);
      return further(recent?.progress, stored);
    } catch (error) {
      await shared?.release(agent, digest);
      throw error;
    }
  }

  /** Some of the request is stored. */
  record({ agent, digest, ...progress }: StoredRequest): void {
    const hash = hashKey(idempotencyKey(agent, digest));
    this.seen.add(hash, Date.now());
    this.#remember(hash, { progress, uncertain: false });
  }

  /** The attempt ended. @param failed something of it may be stored that is not recorded */
  async release(agent: string, digest: string, failed: boolean): Promise<void> {
    if (failed) {
      const hash = hashKey(idempotencyKey(agent, digest));
      this.seen.add(hash, Date.now());
      this.#remember(hash, { progress: this.#recent.get(nameOf(hash))?.progress, uncertain: true });
    }
    await this.#options.shared?.release(agent, digest);
  }

  /** Since when a request may have come in that has not been seen; undefined: it would have been seen. */
  #sinceOfUnknown(readTime: () => number | undefined): number | undefined {
    const { completeSince, awaitsOlder } = this.seen;
    if (completeSince <= 0) return undefined;
    const time = readTime();
    if (time === undefined) return awaitsOlder ? 0 : undefined;
    return time < completeSince + MAX_CLOCK_SKEW_MS ? time - MAX_CLOCK_SKEW_MS : undefined;
  }

  #remember(hash: Buffer, request: Recent): void {
    const name = nameOf(hash);
    this.#recent.delete(name);
    this.#recent.set(name, request);
    if (this.#recent.size <= MAX_RECENT) return;
    const [oldest] = this.#recent.keys();
    this.#recent.delete(oldest!);
  }
}

const nameOf = (hash: Buffer) => hash.toString('latin1', 0, 16);

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** Of a request that is remembered in part more may be stored: its next insert was done and the answer lost. */
function further(
  remembered: RequestProgress | undefined,
  stored: RequestProgress | undefined,
): RequestProgress | undefined {
  return remembered && stored && remembered.entries > stored.entries ? remembered : (stored ?? remembered);
}
