import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Context } from 'koa';
import { toLogplaneError } from './error-response.ts';
import type { SlowReaders } from './slow-readers.ts';
import type { StreamLimit } from './stream-limit.ts';

const HEARTBEAT_MILLISECONDS = 10_000;
const RECONNECT_MILLISECONDS = 1_000;

/** One server-sent event as it goes over the wire. `data` has no raw line break, which JSON never has. */
export function formatEvent(event: { name?: string; id?: string; data: string }): string {
  const name = event.name === undefined ? '' : `event: ${event.name}\n`;
  const id = event.id === undefined ? '' : `id: ${event.id}\n`;
  return `${name}${id}data: ${event.data}\n\n`;
}

/** What all open streams share. */
export interface OpenStreams {
  readonly streams: StreamLimit;
  readonly slowReaders: SlowReaders;
  /** Aborted when the server stops: open streams end. */
  readonly stopping: AbortSignal;
  /** After so many minutes a stream ends. Undefined: the default of the stream. */
  readonly maxMinutes?: number | undefined;
}

export interface EventStreamOptions extends OpenStreams {
  /**
   * Subscribes to further events, which are written between those of the source, and returns a function that unsubscribes. A client
   * that reads nothing does not get them.
   */
  readonly beside?: (write: (event: string) => void) => () => void;
}

/**
 * Responds with a stream of server-sent events. The client sets the pace: the next chunk is requested when the kernel has taken the one
 * before. A comment is sent every 10 s. The signal of the source is aborted when the client disconnects or the server stops. A source that
 * fails ends the stream with an event `error`; a stream that reaches `maxMinutes` ends with an event `end`.
 * @throws LogplaneError `rate_limited`
 */
export function respondWithEvents(
  context: Context,
  { streams, slowReaders, stopping, maxMinutes, beside = () => () => {} }: EventStreamOptions,
  source: (signal: AbortSignal) => AsyncIterable<string>,
): void {
  const { req, res } = context;
  const { socket } = req;
  const leave = streams.enter(context.ip);
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
  stopping.addEventListener('abort', end, { once: true });
  if (stopping.aborted) end();
  output.write(`retry: ${RECONNECT_MILLISECONDS}\n\n`);
  // Before Koa has begun the response, written events wait in the output only.
  const isTaken = () => !output.writableNeedDrain && !res.writableNeedDrain;
  /** Further events must not accumulate, so a client that reads nothing does not get them. */
  const writeBeside = (event: string) => {
    if (isTaken()) output.write(event);
  };
  const heartbeat = setInterval(() => writeBeside(': heartbeat\n\n'), HEARTBEAT_MILLISECONDS);
  const limit =
    maxMinutes === undefined
      ? undefined
      : setTimeout(() => {
          const reason = `the stream has lasted ${maxMinutes} minutes (STREAM_MAX_MINUTES); connect again to go on`;
          output.write(formatEvent({ name: 'end', data: JSON.stringify({ reason }) }));
          end();
        }, maxMinutes * 60_000);
  const unsubscribe = beside(writeBeside);
  const copy = async () => {
    for await (const chunk of source(signal)) {
      output.write(chunk);
      if (isTaken()) continue;
      const release = slowReaders.holdEvents(socket, chunk.length);
      try {
        if (output.writableNeedDrain) await once(output, 'drain', { signal });
        if (res.writableNeedDrain) await once(res, 'drain', { signal });
      } finally {
        release();
      }
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
      unsubscribe();
      stopping.removeEventListener('abort', end);
      output.end();
      leave();
    });
}
