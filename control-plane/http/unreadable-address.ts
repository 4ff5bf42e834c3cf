import type { Middleware } from 'koa';
import { respond } from './error-response.ts';

/** Answers requests for a malformed URL, such as `http://[::1`: nothing behind this middleware could read its path. */
export const refuseUnreadableAddress: Middleware = (context, next) => {
  if (hasPath(context)) return next();
  respond(context, 400, 'malformed URL in the request line');
  return undefined;
};

function hasPath(context: { readonly path: unknown }): boolean {
  try {
    return typeof context.path === 'string';
  } catch {
    return false;
  }
}
