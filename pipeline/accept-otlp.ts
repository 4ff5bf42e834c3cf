import { badRequest, LogplaneError } from './errors.ts';
import type { IngestRequest, Pipeline, Receipt } from './pipeline.ts';
import { parseOtlpEntry, type RecordGroup, writeOtlpEntries } from './sources/otlp.ts';
import { readJsonGroups } from './sources/otlp-json.ts';
import { readProtobufGroups } from './sources/otlp-protobuf.ts';
import type { DeadLetterStore, NewDeadLetter } from './store/dead-letter-store.ts';

export interface OtlpRequest {
  readonly format: 'protobuf' | 'json';
  /** The `ExportLogsServiceRequest`, unpacked. */
  readonly content: Buffer;
  readonly agent: string | undefined;
  readonly peer: string;
  /** Hash of the bytes as they came. */
  readonly digest: string;
  /** By which the request is known in place of its bytes. */
  readonly idempotencyKey?: string | undefined;
  /** Why the rest of the content could not be unpacked. */
  readonly damage?: string | undefined;
}

export interface OtlpTarget {
  readonly pipeline: Pipeline;
  readonly deadLetters: DeadLetterStore;
}

export interface OtlpReceipt extends Receipt {
  /** What the sender's log should say of rejected records; empty where there are none. */
  readonly errorMessage: string;
}

/**
 * Takes an OTLP export in; resolves when its records are durable.
 * @throws LogplaneError `bad_request` where the content is no such request, which is then kept as a dead letter, and
 *   those of `Pipeline.accept`
 */
export async function acceptOtlp(
  { pipeline, deadLetters }: OtlpTarget,
  request: OtlpRequest,
): Promise<OtlpReceipt> {
  const entries = readOtlp(request);
  if ('reason' in entries) {
    await deadLetters.add([deadLetter(request, entries.reason)]);
    throw badRequest(`${entries.reason}; what could be read of it is kept as a dead letter`);
  }
  const { agent, peer, digest, idempotencyKey } = request;
  const receipt = await pipeline.accept({ agent, peer, digest, idempotencyKey, source: 'otlp', ...entries });
  const { accepted, rejected } = receipt;
  const errorMessage =
    rejected === 0
      ? ''
      : `${rejected} of ${accepted + rejected} log records could not be read; ` +
        'GET /api/v1/dead-letters shows them with their reasons';
  return { ...receipt, errorMessage };
}

/**
 * Reads a request so far that its records can be taken in one by one; gives the reason where it is no such request.
 * @throws LogplaneError `too_large`
 */
export function readOtlp(
  request: Pick<OtlpRequest, 'format' | 'content' | 'damage'>,
): Pick<IngestRequest, 'entries' | 'decode'> | { readonly reason: string } {
  try {
    const groups = readGroups(request);
    return { entries: { [Symbol.iterator]: () => writeOtlpEntries(groups) }, decode: parseOtlpEntry };
  } catch (error) {
    if (error instanceof LogplaneError) throw error;
    return { reason: `not an OTLP request in ${request.format}: ${(error as Error).message}` };
  }
}

function readGroups({
  format,
  content,
  damage,
}: Pick<OtlpRequest, 'format' | 'content' | 'damage'>): Iterable<RecordGroup> {
  if (damage !== undefined) throw new Error(damage);
  if (format === 'json') return readJsonGroups(content);
  const groups = { [Symbol.iterator]: () => readProtobufGroups(content) };
  // Walked through once before the first record is stored, so that a broken body stores none.
  for (const group of groups) for (const _ of group);
  return groups;
}

function deadLetter({ format, content, digest, agent, peer }: OtlpRequest, reason: string): NewDeadLetter {
  return {
    id: `${digest}-0`,
    receivedAt: Date.now() * 1000,
    agent: agent ?? peer,
    source: 'otlp',
    line: 0,
    reason,
    content: format === 'json' ? content.toString() : content,
  };
}
