import {
  Metadata,
  type Responder,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { LogplaneError } from '../../runtime/errors.ts';
import { encodeExportResponse, encodeRetryStatus } from './otlp-protobuf.ts';

/** The caller of `LogsService/Export`. */
export interface GrpcCaller {
  /** The caller's address, without its port. */
  readonly peer: string;
  /** Metadata by lower-case name. */
  readonly header: (name: string) => string;
}

export interface GrpcExport extends GrpcCaller {
  /** The uncompressed serialized request. */
  readonly message: Buffer;
  /** Aborted when the caller no longer waits for the answer. */
  readonly signal: AbortSignal;
}

export interface OtlpGrpcOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Certificate and private key, PEM; without them the listener is plain. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** Maximum size of one uncompressed message, in bytes. */
  readonly limit: number;
  /** Reserves memory for one message until the returned function is called. @throws LogplaneError where there is none */
  readonly reserve: (bytes: number) => () => void;
  /** Called before a message is read. @throws LogplaneError where the caller may not send */
  readonly authorize: (caller: GrpcCaller) => void;
  /**
   * Stores the records; resolves when they are durable.
   * @throws LogplaneError, which the caller gets as gRPC status
   */
  readonly accept: (
    call: GrpcExport,
  ) => Promise<{ readonly rejected: number; readonly errorMessage: string }>;
  readonly onDefect: (error: unknown) => void;
}

export interface OtlpGrpcServer {
  readonly port: number;
  /** Resolves when the calls under way have been answered, at the latest after `milliseconds`. */
  stop(milliseconds: number): Promise<void>;
}

const bytes = (value: Buffer) => value;

/** Requests stay bytes until they are accepted, because their hash identifies a repetition. */
const LOGS_SERVICE: ServiceDefinition = {
  Export: {
    path: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
};

/** Calls of one connection that may run at once; each may hold a message of `limit` bytes. */
const CALLS_PER_CONNECTION = 16;

/** Serves OTLP's `LogsService` over gRPC. @throws Error when the port cannot be had */
export async function startOtlpGrpc(options: OtlpGrpcOptions): Promise<OtlpGrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': options.limit,
    'grpc.max_concurrent_streams': CALLS_PER_CONNECTION,
    interceptors: [(_method, call) => new ServerInterceptingCall(call, authorizing(call, options))],
  });
  server.addService(LOGS_SERVICE, {
    Export: (call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>) => {
      const refuse = (overload: status) => (error: unknown) =>
        respond(toStatus(error, overload, options.onDefect));
      let release: () => void;
      try {
        release = options.reserve(call.request.length);
      } catch (error) {
        refuse(status.RESOURCE_EXHAUSTED)(error);
        return;
      }
      const left = new AbortController();
      call.on('cancelled', () => left.abort());
      options
        .accept({
          ...callerOf(call, call.metadata),
          message: call.request,
          signal: left.signal,
        })
        .finally(release)
        .then(
          ({ rejected, errorMessage }) => respond(null, encodeExportResponse(rejected, errorMessage)),
          refuse(status.UNAVAILABLE),
        );
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    const address = `${options.host.includes(':') ? `[${options.host}]` : options.host}:${options.port}`;
    server.bindAsync(address, serverCredentials(options.tls), (error, bound) =>
      error
        ? reject(new Error(`could not listen on ${address} for OTLP/gRPC (GRPC_PORT): ${error.message}`))
        : resolve(bound),
    );
  });
  return { port, stop: (milliseconds) => stop(server, milliseconds) };
}

function callerOf(call: { getPeer(): string }, metadata: Metadata): GrpcCaller {
  return { peer: withoutPort(call.getPeer()), header: (name) => String(metadata.get(name)[0] ?? '') };
}

function authorizing(
  call: ServerInterceptingCallInterface,
  { authorize, onDefect }: OtlpGrpcOptions,
): Responder {
  return {
    start: (next) =>
      next({
        onReceiveMetadata(metadata, proceed) {
          try {
            authorize(callerOf(call, metadata));
          } catch (error) {
            call.sendStatus(toStatus(error, status.UNAVAILABLE, onDefect));
            return;
          }
          proceed(metadata);
        },
      }),
  };
}

function serverCredentials(tls: OtlpGrpcOptions['tls']): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  return ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }]);
}

/** Senders drop their records on every code except UNAVAILABLE, and RESOURCE_EXHAUSTED with a RetryInfo. */
const CODES: Readonly<Record<Exclude<LogplaneError['kind'], 'unavailable'>, status>> = {
  bad_request: status.INVALID_ARGUMENT,
  unauthorized: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  not_found: status.NOT_FOUND,
  too_large: status.RESOURCE_EXHAUSTED,
  unsupported_encoding: status.INVALID_ARGUMENT,
  resource_exhausted: status.RESOURCE_EXHAUSTED,
  rate_limited: status.RESOURCE_EXHAUSTED,
};

/** @param overload the code for a server that cannot take the call now: it lacks memory, or its store does not answer */
function toStatus(error: unknown, overload: status, onDefect: (error: unknown) => void) {
  if (!(error instanceof LogplaneError)) {
    onDefect(error);
    return { code: status.INTERNAL, details: 'internal error; the server has logged it' };
  }
  const code = error.kind === 'unavailable' ? overload : CODES[error.kind];
  const metadata = new Metadata();
  if (error.retryAfterSeconds !== undefined) {
    metadata.set('grpc-status-details-bin', encodeRetryStatus(code, error.message, error.retryAfterSeconds));
  }
  return { code, details: error.message, metadata };
}

/** `127.0.0.1:1234` and `[::1]:1234` without the port. */
function withoutPort(peer: string): string {
  return peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function stop(server: Server, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.forceShutdown(), milliseconds);
    server.tryShutdown(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}
