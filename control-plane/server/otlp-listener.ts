import { createHash } from 'node:crypto';
import { acceptOtlp, type OtlpTarget } from '../../pipeline/ingest/accept-otlp.ts';
import { type OtlpGrpcServer, startOtlpGrpc } from '../../pipeline/ingest/sources/otlp-grpc.ts';
import { yieldWhenDue } from '../../pipeline/runtime/event-loop.ts';
import type { Auth } from '../http/auth.ts';
import type { BodyBudget } from '../http/body-budget.ts';
import { toLogplaneError } from '../http/error-response.ts';
import { givenToken } from '../http/given-token.ts';
import type { TlsFiles } from './tls.ts';

export interface OtlpListenerOptions extends OtlpTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  /** Maximum size of one uncompressed message, in bytes. */
  readonly limit: number;
  readonly auth: Auth;
  readonly budget: BodyBudget;
  readonly onDefect: (error: unknown) => void;
}

/** Starts OTLP over gRPC, with the token, the memory budget and the deduplication of `POST /v1/logs`. */
export function startOtlpListener({
  auth,
  budget,
  ...options
}: OtlpListenerOptions): Promise<OtlpGrpcServer> {
  return startOtlpGrpc({
    ...options,
    reserve: (bytes) => {
      const held = budget.reserve(bytes);
      return () => held.release();
    },
    authorize: ({ peer, header }) => auth.check('ingest', givenToken(header), peer),
    accept: async ({ message, peer, header, signal }) => {
      return acceptOtlp(options, {
        format: 'protobuf',
        content: message,
        agent: header('x-machine-id') || undefined,
        idempotencyKey: header('idempotency-key') || undefined,
        peer,
        digest: await digestOf(message, signal),
        signal,
      }).catch((error: unknown) => {
        throw toLogplaneError(error) ?? error;
      });
    },
  });
}

const DIGEST_STEP_BYTES = 1024 * 1024;

async function digestOf(message: Buffer, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < message.length; at += DIGEST_STEP_BYTES) {
    hash.update(message.subarray(at, at + DIGEST_STEP_BYTES));
    await yieldWhenDue(signal);
  }
  return hash.digest('hex');
}
