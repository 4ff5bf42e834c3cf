import { createHash, randomUUID } from 'node:crypto';
import { fromMilliseconds } from '../record/timestamp.ts';
import { PacedTexts } from './paced-texts.ts';
import { mayBeObject, parseEntry } from './sources/json-body.ts';
import type { SourceText } from './sources/record-limits.ts';
import type { Arrival, SourceEntry, UnreadableEntry } from './sources/source-entry.ts';
import type { Normalize } from './transforms/normalize.ts';

/** The parts of a request that identify it, read before any record is stored. */
export interface UnidentifiedRequest {
  readonly agent: string | undefined;
  readonly peer: string;
  readonly digest: string;
  readonly idempotencyKey?: string | undefined;
  readonly source: string;
  readonly entries: Iterable<SourceText>;
  readonly decode?: ((text: string) => SourceEntry | UnreadableEntry) | undefined;
  /** Aborted when the sender no longer waits for the receipt. */
  readonly signal?: AbortSignal | undefined;
}

export interface RequestIdentity {
  readonly agent: string;
  /** Equal for a repeated request, and for no other request of its agent. */
  readonly digest: string;
  /** The time that the first record carries, in milliseconds since 1970. */
  readonly readTime: () => number | undefined;
}

/** Longer ids are cut. */
const MAX_AGENT_CHARACTERS = 256;
/** Entries in which a first record with a time is searched. */
const HEAD_ENTRIES = 10;

/**
 * Finds out who sends a request, and what identifies it when it comes again: its bytes, and its idempotency key where it has one.
 * A key does not stand for other bytes, because these would be lost where a sender gives a key twice, mends a rejected body, or
 * where somebody else uses the key first. Where no record has a time, equal bytes may be another request (`{"message":"started"}` at
 * each start of a program), so they count as the same request only where the sender names itself or the request.
 */
export async function identifyRequest(
  request: UnidentifiedRequest,
  normalize: Normalize,
): Promise<RequestIdentity> {
  const { idempotencyKey } = request;
  const head = request.agent === undefined ? await readHead(request, normalize, idempotencyKey) : undefined;
  const agent = (request.agent ?? head?.machine ?? request.peer).slice(0, MAX_AGENT_CHARACTERS);
  const readTime = () => timeOfHead(request, normalize);
  if (idempotencyKey !== undefined) {
    const identity = `key ${idempotencyKey} ${request.digest}`;
    return { agent, digest: createHash('sha256').update(identity).digest('hex'), readTime };
  }
  const digest = head?.isTimeless ? `${request.digest} ${randomUUID()}` : request.digest;
  return { agent, digest, readTime };
}

interface Head {
  /** The machine that the first record names. */
  readonly machine: string | undefined;
  /** True where there are records and none of them has a time. */
  readonly isTimeless: boolean;
}

/** Reads as many entries as it takes to know both; for nearly every request that is the first one alone. */
async function readHead(
  { entries, decode, source, signal }: UnidentifiedRequest,
  normalize: Normalize,
  idempotencyKey: string | undefined,
): Promise<Head> {
  const arrival = arrivalOf(source);
  let machine: string | undefined;
  let records = 0;
  const texts = new PacedTexts(entries, signal);
  for (let text = await texts.next(); text !== undefined; text = texts.nextNow() ?? (await texts.next())) {
    // An entry that is too large to be read names no machine and has no time.
    if (typeof text !== 'string') {
      if (text.reason === undefined) records++;
      continue;
    }
    if (!decode && !mayBeObject(text)) continue;
    const entry = (decode ?? parseEntry)(text);
    if ('reason' in entry) continue;
    if (records++ === 0) {
      const { machine_id: id } = entry.fields;
      machine = typeof id === 'string' && id !== '' ? id : undefined;
      if (idempotencyKey !== undefined) break;
    }
    if (timeOf(entry, normalize, arrival) !== undefined) return { machine, isTimeless: false };
  }
  return { machine, isTimeless: records > 0 && idempotencyKey === undefined };
}

function timeOfHead(
  { entries, decode = parseEntry, source }: UnidentifiedRequest,
  normalize: Normalize,
): number | undefined {
  const arrival = arrivalOf(source);
  let read = 0;
  for (const text of entries) {
    if (++read > HEAD_ENTRIES) return undefined;
    if (typeof text !== 'string') continue;
    const entry = decode(text);
    if ('reason' in entry) continue;
    return timeOf(entry, normalize, arrival);
  }
  return undefined;
}

/** The later one of a record's times: that of its event, or when its sender saw it. */
function timeOf(entry: SourceEntry, normalize: Normalize, arrival: Arrival): number | undefined {
  const { timestamp, observed } = normalize(entry, arrival);
  const own = timestamp === arrival.time ? undefined : timestamp;
  const last = own && observed ? Math.max(own.seconds, observed.seconds) : (observed ?? own)?.seconds;
  return last === undefined ? undefined : last * 1000;
}

const arrivalOf = (source: string): Arrival => ({
  time: fromMilliseconds(Date.now()),
  source,
  machineId: undefined,
});
