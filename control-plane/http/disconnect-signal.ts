import type { Context } from 'koa';

/** Aborted when the client disconnects before it has the response. */
export function disconnectSignal(context: Context): AbortSignal {
  const disconnected = new AbortController();
  context.res.once('close', () => {
    if (!context.res.writableFinished) disconnected.abort();
  });
  return disconnected.signal;
}
