import type { Middleware } from 'koa';

/** Answers what asks for an address that is none, such as `http://[::1`, of which nobody behind this could read the path. */
export const refuseUnreadableAddress: Middleware = (context, next) => {
  if (hasPath(context)) return next();
  context.status = 400;
  context.body = { error: { message: 'the address of the request cannot be read' } };
  return undefined;
};

function hasPath(context: { readonly path: unknown }): boolean {
  try {
    return typeof context.path === 'string';
  } catch {
    return false;
  }
}
