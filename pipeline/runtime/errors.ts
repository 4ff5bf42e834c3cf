/** The kinds of refusals; the HTTP and gRPC edges map each kind to their status. */
export type ErrorKind =
  | 'bad_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'too_large'
  | 'unsupported_encoding'
  | 'unavailable'
  | 'rate_limited'
  | 'resource_exhausted';

/**
 * An error whose message is written for the caller: what was expected and what came. Any other error
 * is a defect or a fault of the machine, and its text stays inside the process.
 */
export class LogplaneError extends Error {
  readonly kind: ErrorKind;
  /** After how many seconds a new attempt makes sense; always set for `unavailable` and `rate_limited`, which pass with time. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    kind: ErrorKind,
    message: string,
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LogplaneError';
    this.kind = kind;
    const passes = kind === 'unavailable' || kind === 'rate_limited';
    this.retryAfterSeconds = options.retryAfterSeconds ?? (passes ? 1 : undefined);
  }
}

export function badRequest(message: string): LogplaneError {
  return new LogplaneError('bad_request', message);
}

export function unavailable(message: string, cause?: unknown): LogplaneError {
  return new LogplaneError('unavailable', message, { cause });
}
