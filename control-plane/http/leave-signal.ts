import type { Context } from 'koa';

/** Aborted when the client closes its connection before it has the answer. */
export function leaveSignal(context: Context): AbortSignal {
  const left = new AbortController();
  context.res.once('close', () => {
    if (!context.res.writableFinished) left.abort();
  });
  return left.signal;
}
