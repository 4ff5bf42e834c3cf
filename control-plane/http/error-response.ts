import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import { type ErrorKind, LogplaneError, overloaded } from '../../pipeline/runtime/errors.ts';
import { ClickHouseError } from '../../pipeline/store/clickhouse.ts';
import { isDiskFull } from '../../pipeline/store/disk-full.ts';
import { isPassing } from '../../pipeline/store/retry.ts';
import { MAX_ANSWER_BYTES } from '../query/query-limits.ts';

export const STATUS: Readonly<Record<ErrorKind, number>> = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  too_large: 413,
  unsupported_encoding: 415,
  too_costly: 422,
  too_many: 429,
  overloaded: 503,
};

/** The form of every error; some answers tell more beside it. */
export const ERROR = z
  .looseObject({
    error: z.object({
      message: z
        .string()
        .meta({ description: 'What is wrong, what was expected and what came', examples: ['…'] }),
    }),
  })
  .meta({ id: 'Error' });

/** The one exit of every error: `{"error": {"message": "…"}}` with the right status, and no stack trace. */
export function respondToErrors(onDefect: (error: unknown, context: Context) => void): Middleware {
  return async (context, next) => {
    try {
      await next();
      if (context.status === 404 && context.body === undefined) {
        throw new LogplaneError('not_found', `no such address: ${context.method} ${context.path}`);
      }
      if (context.status === 405 || context.status === 501) {
        const allowed = context.response.get('Allow');
        respond(context, 405, `${context.path} takes ${allowed}, got ${context.method}`);
      }
    } catch (error) {
      const known = toLogplaneError(error);
      if (!known) {
        onDefect(error, context);
        respond(context, 500, 'internal error; the server has logged it');
        return;
      }
      // What the client cannot mend is the operator's.
      if (error instanceof ClickHouseError && error.damaged) onDefect(error, context);
      if (known.retryAfterSeconds !== undefined) context.set('Retry-After', String(known.retryAfterSeconds));
      if (known.kind === 'unauthorized') context.set('WWW-Authenticate', 'Bearer');
      respond(context, STATUS[known.kind], known.message);
    }
  };
}

export function respond(context: Pick<Context, 'status' | 'body'>, status: number, message: string): void {
  context.status = status;
  context.body = { error: { message } };
}

/** The error as it is told to a client; undefined for a defect, which is not. */
export function toLogplaneError(error: unknown): LogplaneError | undefined {
  if (error instanceof LogplaneError) return error;
  if (error instanceof URIError)
    return new LogplaneError('bad_request', 'the address is not valid percent-encoding');
  if (isDiskFull(error))
    return overloaded('nothing was stored or made: no room is left on the disk of the store', error);
  if (!(error instanceof ClickHouseError)) return undefined;
  if (isPassing(error) && !error.cancelled) return overloaded('the store does not answer now', error);
  if (error.lacksMemory) {
    return overloaded(
      'the store has no memory free for this query now (MEMORY_LIMIT_BYTES); send it again',
      error,
    );
  }
  if (error.answersTooMuch) {
    return new LogplaneError(
      'too_costly',
      `the answer has more than ${MAX_ANSWER_BYTES} bytes; ask for less: a smaller limit, a shorter time range (from, to) or ` +
        'another field, or use /api/v1/logs/export, which has no limit',
    );
  }
  if (error.exceedsLimit || error.cancelled) {
    return new LogplaneError(
      'too_costly',
      'the query needs more time, memory or rows than one query may take; ' +
        'narrow it: a shorter time range (from, to), a service, a level, a rarer word or fewer terms',
    );
  }
  if (error.cannotWrite) {
    return overloaded(
      'the disk of the store is full or read-only, nothing was stored; free some space and try again',
      error,
    );
  }
  if (error.damaged) {
    return new LogplaneError(
      'overloaded',
      'some of the stored records cannot be read: their files are damaged; the log of the server names them',
    );
  }
  return undefined;
}
