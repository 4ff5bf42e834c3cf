import {
  hashKey,
  idempotencyKey,
  type RequestProgress,
  type StoredRequest,
} from '../store/request-progress.ts';
import { SeenRequests } from './seen-requests.ts';

/** The requests that several server processes know together. */
export interface SharedRequests {
  /**
   * Makes this process the owner of a request until `release`.
   * @returns since when another process may have stored some of it, in milliseconds since 1970; undefined where it is new
   * @throws LogplaneError `unavailable` while another process owns it
   */
  claim(agent: string, digest: string): Promise<number | undefined>;
  release(agent: string, digest: string): Promise<void>;
}

/** Finds the stored progress of a request whose rows came in after `since`, in milliseconds since 1970. */
export type FindStored = (key: string, since: number) => Promise<RequestProgress | undefined>;

export interface KnownRequestsOptions {
  readonly findStored: FindStored;
  readonly shared?: SharedRequests | undefined;
  readonly seen?: SeenRequests;
}

/** An insert is repeated for so long before it fails, so its rows may be so much older. */
const MAX_INSERT_MS = 10 * 60_000;
/** How far the clocks of two machines may differ. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000;
const MAX_RECENT = 20_000;

interface Recent {
  readonly progress: RequestProgress | undefined;
  /** True where an insert failed and may have been done all the same. */
  readonly uncertain: boolean;
}

/**
 * Recognizes repeated requests. The truth is in the rows, because progress is stored with them or not at all; everything here saves
 * queries. The latest requests are remembered with their progress. Of many more only the hashes are remembered, so that a new
 * request is known to be new. The rows are searched only for a request that has been seen, or that may be older than the memory reaches.
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
   * Claims a request before it is stored; `release` has to follow.
   * @param readTime the time of one of its records, in milliseconds since 1970: the request cannot have come in long before
   * @returns how far the request is stored; undefined where it is new
   * @throws LogplaneError `unavailable` where that cannot be known now
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

  /** Remembers how far a request is stored. */
  record({ agent, digest, ...progress }: StoredRequest): void {
    const hash = hashKey(idempotencyKey(agent, digest));
    this.seen.add(hash, Date.now());
    this.#remember(hash, { progress, uncertain: false });
  }

  /** Ends an attempt. @param failed true where more may be stored than was recorded */
  async release(agent: string, digest: string, failed: boolean): Promise<void> {
    if (failed) {
      const hash = hashKey(idempotencyKey(agent, digest));
      this.seen.add(hash, Date.now());
      this.#remember(hash, { progress: this.#recent.get(nameOf(hash))?.progress, uncertain: true });
    }
    await this.#options.shared?.release(agent, digest);
  }

  /** Since when an unseen request may have come in; undefined where it would have been seen. */
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

/** The further one of two progresses. More may be stored than is remembered, where an insert was done and its answer lost. */
function further(
  remembered: RequestProgress | undefined,
  stored: RequestProgress | undefined,
): RequestProgress | undefined {
  return remembered && stored && remembered.entries > stored.entries ? remembered : (stored ?? remembered);
}
