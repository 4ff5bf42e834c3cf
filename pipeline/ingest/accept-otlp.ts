import { badRequest, LogplaneError } from '../runtime/errors.ts';
import { yieldWhenDue } from '../runtime/event-loop.ts';
import type { DeadLetterStore, NewDeadLetter } from '../store/dead-letter-store.ts';
import type { IngestRequest, Pipeline, Receipt } from './pipeline.ts';
import { rejectBody } from './rejected-entries.ts';
import { parseOtlpEntry, writeOtlpEntries } from './sources/otlp.ts';
import { openJsonRequest } from './sources/otlp-json.ts';
import { openProtobufRequest } from './sources/otlp-protobuf.ts';

export interface OtlpRequest {
  readonly format: 'protobuf' | 'json';
  /** The uncompressed `ExportLogsServiceRequest`. */
  readonly content: Buffer;
  readonly agent: string | undefined;
  readonly peer: string;
  /** Hash of the bytes as they were sent. */
  readonly digest: string;
  /** Identifies the request instead of its bytes. */
  readonly idempotencyKey?: string | undefined;
  /** Why the rest of the content could not be uncompressed. */
  readonly damage?: string | undefined;
  /** Aborted when the sender no longer waits for the receipt. */
  readonly signal?: AbortSignal | undefined;
}

export interface OtlpTarget {
  readonly pipeline: Pipeline;
  readonly deadLetters: DeadLetterStore;
}

export interface OtlpReceipt extends Receipt {
  /** For the sender's log: why records were rejected; empty where none were. */
  readonly errorMessage: string;
}

/**
 * Accepts an OTLP export; resolves when its records are durable.
 * @throws LogplaneError `bad_request` where the content is no such request and is kept as a dead letter; the errors of
 *   `Pipeline.accept`
 */
export async function acceptOtlp(
  { pipeline, deadLetters }: OtlpTarget,
  request: OtlpRequest,
): Promise<OtlpReceipt> {
  const entries = await readOtlp(request);
  if ('reason' in entries) {
    await deadLetters.add([deadLetter(request, entries.reason)]);
    throw badRequest(`${entries.reason}; the readable part is kept as a dead letter`);
  }
  const { agent, peer, digest, idempotencyKey, signal } = request;
  const receipt = await pipeline.accept({
    agent,
    peer,
    digest,
    idempotencyKey,
    source: 'otlp',
    machineId: agent,
    signal,
    ...entries,
  });
  const { accepted, rejected } = receipt;
  const errorMessage =
    rejected === 0
      ? ''
      : `${rejected} of ${accepted + rejected} log records could not be read; ` +
        'GET /api/v1/dead-letters shows them with their reasons';
  return { ...receipt, errorMessage };
}

const OPENERS = { json: openJsonRequest, protobuf: openProtobufRequest } as const;

/**
 * Opens a request so that its records can be read one by one; returns the reason where it is no OTLP request.
 * @throws LogplaneError where the sender no longer waits
 */
export async function readOtlp({
  format,
  content,
  damage,
  signal,
}: Pick<OtlpRequest, 'format' | 'content' | 'damage' | 'signal'>): Promise<
  Pick<IngestRequest, 'entries' | 'decode'> | { readonly reason: string }
> {
  try {
    if (damage !== undefined) throw new Error(damage);
    const opening = OPENERS[format](content);
    let step = opening.next();
    for (; !step.done; step = opening.next()) await yieldWhenDue(signal);
    const groups = step.value;
    return {
      entries: { [Symbol.iterator]: () => writeOtlpEntries(groups(), content.length) },
      decode: parseOtlpEntry,
    };
  } catch (error) {
    if (error instanceof LogplaneError) throw error;
    return { reason: `not an OTLP request in ${format}: ${(error as Error).message}` };
  }
}

function deadLetter({ format, content, digest, agent, peer }: OtlpRequest, reason: string): NewDeadLetter {
  return {
    id: `${digest}-0`,
    receivedAt: Date.now() * 1000,
    agent: agent ?? peer,
    source: 'otlp',
    line: 0,
    ...rejectBody<string | Buffer>(reason, content, (bytes) => (format === 'json' ? String(bytes) : bytes)),
  };
}
