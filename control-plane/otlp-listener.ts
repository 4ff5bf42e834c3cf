import { createHash } from 'node:crypto';
import { acceptOtlp, type OtlpTarget } from '../pipeline/accept-otlp.ts';
import { type OtlpGrpcServer, startOtlpGrpc } from '../pipeline/sources/otlp-grpc.ts';
import { type Auth, bearerToken } from './http/auth.ts';
import type { BodyBudget } from './http/body-budget.ts';
import { toLogplaneError } from './http/error-response.ts';
import type { TlsFiles } from './read-tls.ts';

export interface OtlpListenerOptions extends OtlpTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  /** Bytes that one message may have, unpacked. */
  readonly limit: number;
  readonly auth: Auth;
  readonly budget: BodyBudget;
  readonly onDefect: (error: unknown) => void;
}

/** OTLP over gRPC with the token, the memory budget and the de-duplication of `POST /v1/logs`. */
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
    accept: async ({ message, peer, header }) => {
      const token = header('x-admin-token') || bearerToken(header('authorization'));
      auth.check('ingest', token, peer);
      return acceptOtlp(options, {
        format: 'protobuf',
        content: message,
        agent: header('x-machine-id') || undefined,
        idempotencyKey: header('idempotency-key') || undefined,
        peer,
        digest: createHash('sha256').update(message).digest('hex'),
      }).catch((error: unknown) => {
        throw toLogplaneError(error) ?? error;
      });
    },
  });
}
