import { createHash } from 'node:crypto';

/** How far the records of one request have been stored. */
export interface RequestProgress {
  /** Entries of the body that are done, stored or rejected; a repetition goes on behind them. */
  readonly entries: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Nothing of the body follows. */
  readonly complete: boolean;
}

/** The progress that the last row of a request carries in the column `request`: stored with the rows or not at all. */
export interface StoredRequest extends RequestProgress {
  readonly agent: string;
  /** Hash of the request's bytes, or of the key that its sender gave it. */
  readonly digest: string;
}

export function encodeRequest({
  agent,
  digest,
  entries,
  accepted,
  rejected,
  complete,
}: StoredRequest): string {
  return JSON.stringify([agent, digest, entries, accepted, rejected, ...(complete ? [1] : [])]);
}

export function decodeRequest(text: string): StoredRequest {
  const [agent, digest, entries, accepted, rejected, complete] = JSON.parse(text) as [
    string,
    string,
    number,
    number,
    number,
    1?,
  ];
  return { agent, digest, entries, accepted, rejected, complete: complete === 1 };
}

/** What says which request it is: `encodeRequest` begins with it, up to its last quotation mark. */
export function idempotencyKey(agent: string, digest: string): string {
  return JSON.stringify([agent, digest]).slice(0, -1);
}

/** 32 bytes; the store computes the same of what a row carries. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
