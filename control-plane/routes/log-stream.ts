import type { Context } from 'koa';
import type Router from 'koa-router';
import type { LiveBus } from '../../pipeline/live/live-bus.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import type { Auth } from '../http/auth.ts';
import { formatEvent, respondWithEvents } from '../http/event-stream.ts';
import { ExpectedError, flag, type Parameter, readParameters, wholeNumber } from '../http/parameters.ts';
import type { LogFilter } from '../logs/log-filter.ts';
import { type TailEvent, tailLogs } from '../logs/tail.ts';
import { readFilter } from './logs.ts';

export interface LogStreamRoutesOptions {
  readonly auth: Auth;
  readonly store: LogStore;
  readonly bus: LiveBus;
  /** Aborted when the server stops: open streams end. */
  readonly stopping: AbortSignal;
}

const MAX_TAIL = 10_000;

export function addLogStreamRoutes(router: Router, options: LogStreamRoutesOptions): void {
  router.get('/api/v1/logs/stream', options.auth.require('read'), (context) => {
    respondWithLogs(context, options, readFilter(context));
  });
}

/** Answers with the records that a filter chooses, live; how much of the past comes first is the request's choice. */
export function respondWithLogs(
  context: Context,
  { store, bus, stopping }: Omit<LogStreamRoutesOptions, 'auth'>,
  filter: LogFilter,
): void {
  const { tail, follow, after } = readParameters(context, {
    tail: wholeNumber(0, MAX_TAIL, 0),
    follow: flag(true),
    after: place,
  });
  const request = { filter, tail, follow, after: lastEventId(context) ?? after, levelCase: 'upper' } as const;
  respondWithEvents(context, stopping, (signal) =>
    toChunks(tailLogs({ store, bus }, { ...request, signal })),
  );
}

/** A record's id. */
const place: Parameter<number | undefined> = (given) => {
  if (given === undefined || given === '') return undefined;
  if (!/^\d{1,16}$/.test(given)) throw new ExpectedError('the id of a record');
  return Number(given);
};

/** Browsers send what they got last; an id that is none of ours is passed over, as the standard wants. */
function lastEventId(context: Context): number | undefined {
  const id = context.get('Last-Event-ID');
  return /^\d{1,16}$/.test(id) ? Number(id) : undefined;
}

async function* toChunks(batches: AsyncIterable<readonly TailEvent[]>): AsyncGenerator<string> {
  for await (const batch of batches) {
    yield batch
      .map((event) =>
        event.kind === 'record'
          ? formatEvent({ id: String(event.seq), data: event.json })
          : formatEvent({
              name: 'gap',
              id: String(event.to),
              data: JSON.stringify({ from: String(event.from), to: String(event.to), count: event.count }),
            }),
      )
      .join('');
  }
}
