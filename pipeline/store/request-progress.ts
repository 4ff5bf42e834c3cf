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
  /** The parts of files that the lines of this piece of the request are. */
  readonly spans?: readonly FileSpan[];
}

/** Bytes of a file: 48 bits that stand for its name (`hashFileName`), the number of its content, and where they begin and end. */
export type FileSpan = readonly [file: number, generation: number, from: number, to: number];

export function encodeRequest(request: StoredRequest): string {
  const { agent, digest, entries, accepted, rejected, complete, joined = [], spans = [] } = request;
  const isComplete = complete || joined.length > 0 || spans.length > 0 ? [complete ? 1 : 0] : [];
  return JSON.stringify([
    agent,
    digest,
    entries,
    accepted,
    rejected,
    ...isComplete,
    ...(spans.length > 0 ? [spans] : []),
    // Only a row that names lines ends in two brackets: they are looked for by that.
    ...(joined.length > 0 ? [joined] : spans.length > 0 ? [0] : []),
  ]);
}

export function decodeRequest(text: string): StoredRequest {
  const [agent, digest, entries, accepted, rejected, complete, ...rest] = JSON.parse(text) as [
    string,
    string,
    number,
    number,
    number,
    (0 | 1)?,
    ...(0 | number[] | FileSpan[])[],
  ];
  const progress = { agent, digest, entries, accepted, rejected, complete: complete === 1 };
  const joined = rest.find((part): part is number[] => Array.isArray(part) && typeof part[0] === 'number');
  const spans = rest.find((part): part is FileSpan[] => Array.isArray(part) && typeof part[0] !== 'number');
  return { ...progress, ...(joined && { joined }), ...(spans && { spans }) };
}

/** 48 bits that stand for a file: the text of a request holds no quotation marks behind its key. */
export function hashFileName(name: string): number {
  return hashKey(name).readUIntBE(0, 6);
}

/** The idempotency key of a request. The text of `encodeRequest` begins with it, up to the last quotation mark. */
export function idempotencyKey(agent: string, digest: string): string {
  return JSON.stringify([agent, digest]).slice(0, -1);
}

/** The key's SHA-256, 32 bytes; the store computes the same from the column `request`. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
