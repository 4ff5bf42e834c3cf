/** How far the records of one request have been stored. */
export interface RequestProgress {
  /** Entries of the body that are done, stored or rejected; a repetition goes on behind them. */
  readonly entries: number;
  readonly accepted: number;
  readonly rejected: number;
}

export interface KnownRequest extends RequestProgress {
  readonly agent: string;
  /** Hash of the request's bytes. */
  readonly digest: string;
}

/** How far the store has a request whose records came in after a time, in milliseconds since 1970. */
export type FindStored = (
  agent: string,
  digest: string,
  since: number,
) => Promise<RequestProgress | undefined>;

/** What several server processes know of requests together. */
export interface SharedRequests {
  /**
   * How far a request is stored; it is then this process's to go on with.
   * @throws LogplaneError `overloaded` while another process takes it in
   */
  claim(agent: string, digest: string): Promise<RequestProgress | undefined>;
  record(request: KnownRequest): Promise<void>;
  /** It could not be stored, as far as this process can tell. */
  giveUp(agent: string, digest: string): Promise<void>;
}

/** Repetitions come from an agent's requests in doubt, of which it has a bounded number (Fluent Bit: 128 chunks). */
const REQUESTS_PER_AGENT = 256;
const MAX_AGENTS = 20_000;

/** The last requests of each agent, by which a repeated one is known. Needs no clock: it forgets by count. */
export class RequestWindow {
  /** Agents and each one's digests, least recently heard first (a Map keeps the order of insertion). */
  readonly #agents = new Map<string, Map<string, RequestProgress>>();

  find(agent: string, digest: string): RequestProgress | undefined {
    return this.#agents.get(agent)?.get(digest);
  }

  record({ agent, digest, entries, accepted, rejected }: KnownRequest): void {
    const requests = this.#agents.get(agent) ?? new Map<string, RequestProgress>();
    this.#agents.delete(agent);
    this.#agents.set(agent, requests);
    requests.delete(digest);
    requests.set(digest, { entries, accepted, rejected });
    dropOldest(requests, REQUESTS_PER_AGENT);
    dropOldest(this.#agents, MAX_AGENTS);
  }

  *all(): Generator<KnownRequest> {
    for (const [agent, requests] of this.#agents) {
      for (const [digest, progress] of requests) yield { agent, digest, ...progress };
    }
  }
}

function dropOldest(map: Map<string, unknown>, limit: number): void {
  for (const key of map.keys()) {
    if (map.size <= limit) return;
    map.delete(key);
  }
}

/** The mark that the first record of a request carries in the column `request`. */
export function encodeRequest({ agent, digest, entries, accepted, rejected }: KnownRequest): string {
  return JSON.stringify([agent, digest, entries, accepted, rejected]);
}

export function decodeRequest(mark: string): KnownRequest {
  const [agent, digest, entries, accepted, rejected] = JSON.parse(mark) as [
    string,
    string,
    number,
    number,
    number,
  ];
  return { agent, digest, entries, accepted, rejected };
}
