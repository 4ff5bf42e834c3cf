import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import { type ErrorKind, LogplaneError, unavailable } from '../../pipeline/runtime/errors.ts';
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
  resource_exhausted: 422,
  rate_limited: 429,
  unavailable: 503,
};

/** The form of every error; some responses have further fields. */
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
        throw new LogplaneError(
          'not_found',
          `unknown path: ${context.method} ${context.path}; /docs lists all paths`,
        );
      }
      if (context.status === 405 || context.status === 501) {
        const allowed = context.response.get('Allow');
        respond(context, 405, `method: expected ${allowed} for ${context.path}, got ${context.method}`);
      }
    } catch (error) {
      const known = toLogplaneError(error);
      if (!known) {
        onDefect(error, context);
        respond(context, 500, 'internal error; the server has logged it');
        return;
      }
      // The client cannot repair it, so the operator must know.
      if (error instanceof ClickHouseError && (error.damaged || error.vanished)) onDefect(error, context);
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

/** The error as a client sees it; undefined for a defect, whose text stays inside the server. */
export function toLogplaneError(error: unknown): LogplaneError | undefined {
  if (error instanceof LogplaneError) return error;
  if (error instanceof URIError)
    return new LogplaneError('bad_request', 'the URL: expected valid percent-encoding of UTF-8');
  if (isDiskFull(error))
    return unavailable(
      'the disk of the store is full and nothing was stored; free some space, then send the request again',
      error,
    );
  if (!(error instanceof ClickHouseError)) return undefined;
  if (isPassing(error) && !error.cancelled)
    return unavailable('the store does not answer; send the request again', error);
  if (error.lacksMemory) {
    return unavailable(
      'the query needs more memory than is free now (MEMORY_LIMIT_BYTES); send it again',
      error,
    );
  }
  if (error.answersTooMuch) {
    return new LogplaneError(
      'resource_exhausted',
      `the response exceeds ${MAX_ANSWER_BYTES} bytes; request less: a smaller limit, a shorter time range (from, to) or ` +
        'another field, or use /api/v1/logs/export, which has no limit',
    );
  }
  if (error.exceedsLimit || error.cancelled) {
    return new LogplaneError(
      'resource_exhausted',
      'the query exceeds the time, memory or rows of one query; ' +
        'narrow it: a shorter time range (from, to), a service, a level, a rarer word or fewer terms',
    );
  }
  if (error.cannotWrite) {
    return unavailable(
      'the disk of the store is full or read-only and nothing was stored; free some space, then send the request again',
      error,
    );
  }
  if (error.vanished) {
    return new LogplaneError(
      'unavailable',
      'files of the store are missing; the log of the server names them. Bring back DATA_DIR, or mount its disk, and start the server again',
    );
  }
  if (error.damaged) {
    return new LogplaneError(
      'unavailable',
      'some stored records cannot be read because their files are damaged; the log of the server names the files',
    );
  }
  return undefined;
}
