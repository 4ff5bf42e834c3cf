import { createHash } from 'node:crypto';

/** How far the records of one request have been stored. */
export interface RequestProgress {
  /** Entries of the body that are stored or rejected; a repetition goes on behind them. */
  readonly entries: number;
  readonly accepted: number;
  readonly rejected: number;
  /** True where no entries follow. */
  readonly complete: boolean;
}

/** The progress in the column `request` of a request's last row, which is stored together with the rows or not at all. */
export interface StoredRequest extends RequestProgress {
  readonly agent: string;
  /** Hash of the request's bytes, and of its `Idempotency-Key` where it has one. */
  readonly digest: string;
  /** Ids of lines of other requests that the stored records hold (`OpenLineStore`). */
  readonly joined?: readonly number[];
}

export function encodeRequest(request: StoredRequest): string {
  const { agent, digest, entries, accepted, rejected, complete, joined = [] } = request;
  const isComplete = complete || joined.length > 0 ? [complete ? 1 : 0] : [];
  return JSON.stringify([
    agent,
    digest,
    entries,
    accepted,
    rejected,
    ...isComplete,
    ...(joined.length > 0 ? [joined] : []),
  ]);
}

export function decodeRequest(text: string): StoredRequest {
  const [agent, digest, entries, accepted, rejected, complete, joined] = JSON.parse(text) as [
    string,
    string,
    number,
    number,
    number,
    (0 | 1)?,
    number[]?,
  ];
  const progress = { agent, digest, entries, accepted, rejected, complete: complete === 1 };
  return joined ? { ...progress, joined } : progress;
}

/** The idempotency key of a request. The text of `encodeRequest` begins with it, up to the last quotation mark. */
export function idempotencyKey(agent: string, digest: string): string {
  return JSON.stringify([agent, digest]).slice(0, -1);
}

/** The key's SHA-256, 32 bytes; the store computes the same from the column `request`. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
