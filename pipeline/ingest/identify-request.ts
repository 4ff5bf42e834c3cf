import { createHash, randomUUID } from 'node:crypto';
import { fromMilliseconds } from '../record/timestamp.ts';
import { PacedTexts } from './paced-texts.ts';
import { mayBeObject, parseEntry } from './sources/json-body.ts';
import type { SourceText } from './sources/record-limits.ts';
import type { Arrival, SourceEntry, UnreadableEntry } from './sources/source-entry.ts';
import type { Normalize } from './transforms/normalize.ts';

/** What a request says of itself, read before anything of it is stored. */
export interface UnidentifiedRequest {
  readonly agent: string | undefined;
  readonly peer: string;
  readonly digest: string;
  readonly idempotencyKey?: string | undefined;
  readonly source: string;
  readonly entries: Iterable<SourceText>;
  readonly decode?: ((text: string) => SourceEntry | UnreadableEntry) | undefined;
  /** Aborted when nobody waits for the receipt any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface RequestIdentity {
  readonly agent: string;
  /** The same for a request that is sent again, and for no other one of its agent. */
  readonly digest: string;
  /** The time that the first record carries, in milliseconds since 1970. */
  readonly readTime: () => number | undefined;
}

/** Of an id that is longer the rest says nothing more. */
const MAX_AGENT_CHARACTERS = 256;
/** A time of the first record is looked for in so many entries. */
const HEAD_ENTRIES = 10;

/**
 * Who sends a request, and by what it is known when it comes again: by the key that its sender gave it, else by its bytes. Where no record
 * carries a time, equal bytes may be another request (`{"message":"started"}` at each start of a program); they
 * are the same one only where their sender at least says who it is.
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
    return { agent, digest: createHash('sha256').update(`key ${idempotencyKey}`).digest('hex'), readTime };
  }
  const digest = head?.isTimeless ? `${request.digest} ${randomUUID()}` : request.digest;
  return { agent, digest, readTime };
}

interface Head {
  /** The machine that the first record names. */
  readonly machine: string | undefined;
  /** There are records, and none of them carries a time. */
  readonly isTimeless: boolean;
}

/** Reads as far as it must to know both; that is the first record alone of nearly every request. */
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
    // What is too large to be read names no machine and carries no time.
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

/** The later of the times that a record carries: its event's, or when it was seen by who sends it. */
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
