import { badRequest, LogplaneError } from './errors.ts';
import { pause } from './loop-turns.ts';
import type { Pipeline, Receipt } from './pipeline.ts';
import { rejectBody } from './rejected-entries.ts';
import { parseOtlpEntry, type RecordGroup, writeOtlpEntries } from './sources/otlp.ts';
import { openJsonRequest } from './sources/otlp-json.ts';
import { openProtobufRequest } from './sources/otlp-protobuf.ts';
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
  /** Aborted when nobody waits for the receipt any more. */
  readonly signal?: AbortSignal | undefined;
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
  let groups: () => Iterable<RecordGroup | undefined>;
  try {
    if (request.damage !== undefined) throw new Error(request.damage);
    const opening = OPENERS[request.format](request.content);
    let step = opening.next();
    for (; !step.done; step = opening.next()) await pause(request.signal);
    groups = step.value;
  } catch (error) {
    if (error instanceof LogplaneError) throw error;
    const reason = `not an OTLP request in ${request.format}: ${(error as Error).message}`;
    await deadLetters.add([deadLetter(request, reason)]);
    throw badRequest(`${reason}; what could be read of it is kept as a dead letter`);
  }
  const { agent, peer, digest, idempotencyKey, content, signal } = request;
  const receipt = await pipeline.accept({
    agent,
    peer,
    digest,
    idempotencyKey,
    source: 'otlp',
    entries: { [Symbol.iterator]: () => writeOtlpEntries(groups(), content.length) },
    decode: parseOtlpEntry,
    signal,
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
