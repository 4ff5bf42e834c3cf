import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { captureBody } from './capture-body.ts';
import type { Fields, LogEntry, Logger } from './logger.ts';
import { nowMicroseconds } from './microseconds.ts';
import { type Plain, redact, redactUrl } from './redact.ts';

export interface RequestLogOptions {
  /** The name of the route that a request goes to; null where there is none. */
  readonly endpoint?: (context: Context) => string | null;
  /** Requests that are not logged. */
  readonly skip?: (context: Context) => boolean;
}

/** Maximum size of a JSON body that is logged; larger bodies are left out. */
const BODY_BYTES = 4096;
const BODY_LIMITS = { text: 500, values: 200 };

/** Logs two records for each request: `request` when it has arrived, `response` when it was answered. */
export function createRequestLog(logger: Logger, { endpoint, skip }: RequestLogOptions = {}): Middleware {
  return async (context, next) => {
    if (skip?.(context)) return next();
    const arrived = nowMicroseconds();
    const started = performance.now();
    const shared = {
      request_id: `req_${arrived}`,
      method: context.method,
      url: redactUrl(context.href),
      endpoint: endpoint?.(context) ?? null,
    };
    context.state.requestId = shared.request_id;
    const logRequest = (body?: Plain) => {
      const fields = {
        type: 'request',
        ...shared,
        ...requestFields(context),
        ...(body !== undefined && { request_body: body }),
      };
      logger.log({ level: 'info', message: 'Incoming request', at: arrived, fields });
    };
    // A response may be ready before the body of its request has been read.
    const requestLogged = hasSmallJson(context.req)
      ? captureBody(context.req, BODY_BYTES).then((text) => logRequest(toPlain(text)))
      : logRequest();
    try {
      await next();
    } catch (error) {
      logger.error(`Unhandled error in ${context.method} ${context.path}`, error, shared);
      throw error;
    }
    const entry = responseEntry(context, shared, performance.now() - started);
    if (requestLogged) void requestLogged.then(() => logger.log(entry));
    else logger.log(entry);
  };
}

function responseEntry(context: Context, shared: Fields, milliseconds: number): LogEntry {
  const { status, response } = context;
  const failed = status >= 400;
  return {
    level: failed ? 'error' : 'info',
    message: failed ? `Error response - ${status}` : 'Outgoing response',
    at: nowMicroseconds(),
    fields: {
      type: 'response',
      ...shared,
      status_code: status,
      content_type: response.type || null,
      content_length: response.length ?? null,
      duration_ms: Math.round(milliseconds * 100) / 100,
      ...responseBody(context),
    },
  };
}

function requestFields(context: Context): Fields {
  const { length } = context.request;
  return {
    remote_addr: context.ip,
    user_agent: context.get('User-Agent') || null,
    content_type: context.request.type || null,
    content_length: length ?? null,
    args: { ...context.query },
  };
}

function hasSmallJson(request: IncomingMessage): boolean {
  const {
    'content-type': type = '',
    'content-length': length,
    'content-encoding': encoding,
  } = request.headers;
  return type.includes('json') && encoding === undefined && Number(length ?? BODY_BYTES + 1) <= BODY_BYTES;
}

function responseBody(context: Context): Fields {
  const { body, response } = context;
  if (!response.type.includes('json') || (response.length ?? 0) > BODY_BYTES) return {};
  const plain =
    typeof body === 'string' ? toPlain(body) : isObject(body) ? redact(body, BODY_LIMITS) : undefined;
  return plain === undefined ? {} : { response_body: plain };
}

function isObject(body: unknown): boolean {
  return typeof body === 'object' && body !== null && !Buffer.isBuffer(body) && !('pipe' in body);
}

function toPlain(text: string | undefined): Plain | undefined {
  if (text === undefined) return undefined;
  try {
    return redact(JSON.parse(text), BODY_LIMITS);
  } catch {
    return undefined;
  }
}
