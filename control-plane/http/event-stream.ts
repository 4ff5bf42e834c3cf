import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Context } from 'koa';
import { toLogplaneError } from './error-response.ts';

const HEARTBEAT_MILLISECONDS = 10_000;
const RECONNECT_MILLISECONDS = 1_000;

/** One server-sent event as it goes over the wire. `data` has no raw line break, which JSON never has. */
export function formatEvent(event: { name?: string; id?: string; data: string }): string {
  const name = event.name === undefined ? '' : `event: ${event.name}\n`;
  const id = event.id === undefined ? '' : `id: ${event.id}\n`;
  return `${name}${id}data: ${event.data}\n\n`;
}

/**
 * Answers with a stream of server-sent events. The reader sets the pace: the next chunk is asked for when
 * the socket takes one, and a comment goes out every 10 s. The source's signal is aborted when the client
 * leaves or `stop` is; it then ends. A source that fails ends the stream with an event `error`; one that reaches
 * `maxMinutes` with an event `end` that says so.
 *
 * @param beside subscribes to whole events that come between those of the source, and gives the end of the subscription; a
 *   reader that takes nothing goes without them
 */
export function respondWithEvents(
  context: Context,
  stop: AbortSignal,
  source: (signal: AbortSignal) => AsyncIterable<string>,
  maxMinutes?: number,
  beside: (write: (event: string) => void) => () => void = () => () => {},
): void {
  context.status = 200;
  context.set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache',
    'X-Accel-Buffering': 'no',
  });
  const output = new PassThrough();
  context.body = output;
  output.on('error', () => {});
  const ended = new AbortController();
  const { signal } = ended;
  const end = () => ended.abort();
  output.on('close', end);
  stop.addEventListener('abort', end, { once: true });
  if (stop.aborted) end();
  output.write(`retry: ${RECONNECT_MILLISECONDS}\n\n`);
  // A reader that takes nothing needs no sign of life, and must not gather them.
  const heartbeat = setInterval(
    () => output.writableNeedDrain || output.write(': heartbeat\n\n'),
    HEARTBEAT_MILLISECONDS,
  );
  const limit =
    maxMinutes === undefined
      ? undefined
      : setTimeout(() => {
          const reason = `the stream has lasted ${maxMinutes} minutes (STREAM_MAX_MINUTES); connect again to go on`;
          output.write(formatEvent({ name: 'end', data: JSON.stringify({ reason }) }));
          end();
        }, maxMinutes * 60_000);
  const leave = beside((event) => output.writableNeedDrain || output.write(event));
  const copy = async () => {
    for await (const chunk of source(signal)) {
      if (!output.write(chunk)) await once(output, 'drain', { signal });
    }
  };
  copy()
    .catch((error: unknown) => {
      if (signal.aborted) return;
      const known = toLogplaneError(error);
      if (!known) context.app.emit('error', error, context);
      const message = known?.message ?? 'internal error; the server has logged it';
      output.write(formatEvent({ name: 'error', data: JSON.stringify({ error: { message } }) }));
    })
    .finally(() => {
      clearInterval(heartbeat);
      clearTimeout(limit);
      leave();
      stop.removeEventListener('abort', end);
      output.end();
    });
}
