import type { Middleware } from 'koa';
import { respond } from './error-response.ts';

/** Answers what asks for an address that is none, such as `http://[::1`, of which nobody behind this could read the path. */
export const refuseUnreadableAddress: Middleware = (context, next) => {
  if (hasPath(context)) return next();
  respond(context, 400, 'the address of the request cannot be read');
  return undefined;
};

function hasPath(context: { readonly path: unknown }): boolean {
  try {
    return typeof context.path === 'string';
  } catch {
    return false;
  }
}
