import type { Context } from 'koa';
import type Router from 'koa-router';
import { badRequest } from '../../pipeline/errors.ts';
import type { LiveBus } from '../../pipeline/live/live-bus.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import { type AlertEvent, formatAlert } from '../alerts/alert-event.ts';
import type { AlertFeed } from '../alerts/alert-feed.ts';
import { formatEvent, respondWithEvents } from '../http/event-stream.ts';
import { ExpectedError, flag, optionalText, readParameters, wholeNumber } from '../http/parameters.ts';
import { addReadRoute, type ReadRouteOptions } from '../http/read-route.ts';
import type { StreamLimit } from '../http/stream-limit.ts';
import { type NamedQueries, parseNamedQueries } from '../logs/named-queries.ts';
import { type TailEvent, type TailRequest, tailLogs } from '../logs/tail.ts';
import { parseTime, TIME_FORMS, toNanos } from '../query/parse-time.ts';
import { readFilter } from './log-parameters.ts';

export interface LogStreamRoutesOptions extends ReadRouteOptions {
  readonly store: LogStore;
  readonly bus: LiveBus;
  readonly streams: StreamLimit;
  /** Alerts come on every live stream, as events `alert`. */
  readonly alertFeed: AlertFeed;
  /** Aborted when the server stops: open streams end. */
  readonly stopping: AbortSignal;
}

const MAX_TAIL = 10_000;

const STREAM = {
  tail: wholeNumber(0, MAX_TAIL, undefined),
  since: optionalText,
  follow: flag(true),
  after: readEventId,
};

export function addLogStreamRoutes(router: Router, options: LogStreamRoutesOptions): void {
  addReadRoute(router, '/api/v1/logs/stream', options, (context) => {
    const { queries } = readParameters(context, { queries: optionalText });
    const now = Date.now();
    const filter = readFilter(context, now);
    const named = queries === undefined ? undefined : parseNamedQueries(queries, filter, now);
    respondWithLogs(context, options, named?.filter ?? filter, named);
  });
}

/** Answers with the records that a filter chooses, live; how much of the past comes first is the request's choice. */
export function respondWithLogs(
  context: Context,
  { store, bus, streams, stopping, alertFeed }: Omit<LogStreamRoutesOptions, keyof ReadRouteOptions>,
  filter: TailRequest['filter'],
  named?: NamedQueries,
): void {
  const { tail, follow, after, since } = readParameters(context, STREAM);
  const last = lastEventId(context) ?? after;
  const request = {
    filter,
    tail,
    since: readSince(since, Date.now()),
    follow,
    after: last && (last.index === undefined ? last.seq : last.seq - 1),
    levelCase: 'upper',
  } as const;
  const format = named ? formatNamed(named, last) : formatUnnamed;
  const leave = streams.enter(context.req.socket.remoteAddress ?? '');
  respondWithEvents(
    context,
    stopping,
    async function* (signal) {
      try {
        for await (const events of tailLogs({ store, bus }, { ...request, signal })) {
          yield events.map(format).join('');
        }
      } finally {
        leave();
      }
    },
    (write) => alertFeed.subscribe((alert) => write(formatAlertEvent(alert))),
  );
}

/** Without an `id:`, so that it does not change where a log stream goes on. */
function formatAlertEvent(alert: AlertEvent): string {
  return formatEvent({ name: 'alert', data: JSON.stringify(formatAlert(alert)) });
}

/**
 * The `id:` of an event: a record's place, and with several queries on one stream the place of the query too, for a
 * record that several of them select is several events, between which a connection can break.
 */
interface EventId {
  readonly seq: number;
  readonly index: number | undefined;
}

function parseEventId(text: string): EventId | undefined {
  const parts = /^(\d{1,16})(?:\.(\d{1,2}))?$/.exec(text);
  return parts
    ? { seq: Number(parts[1]), index: parts[2] === undefined ? undefined : Number(parts[2]) }
    : undefined;
}

function readEventId(given: string | undefined): EventId | undefined {
  if (given === undefined || given === '') return undefined;
  const id = parseEventId(given);
  if (!id) throw new ExpectedError('the id of a record');
  return id;
}

/** Browsers send what they got last; an id that is none of ours is passed over, as the standard wants. */
function lastEventId(context: Context): EventId | undefined {
  return parseEventId(context.get('Last-Event-ID'));
}

function readSince(text: string | undefined, now: number): bigint | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text, now);
  if (!time) throw badRequest(`since: expected ${TIME_FORMS}, got "${text}"`);
  return toNanos(time);
}

function formatUnnamed(event: TailEvent): string {
  return event.kind === 'record'
    ? formatEvent({ id: String(event.record.seq), data: event.json })
    : formatPlace(event);
}

/** One event for each query that selects the record, under the query's name. */
function formatNamed({ selecting }: NamedQueries, last: EventId | undefined): (event: TailEvent) => string {
  return (event) => {
    if (event.kind !== 'record') return formatPlace(event);
    const { seq } = event.record;
    const given = last?.index !== undefined && last.seq === seq ? last.index : -1;
    return selecting(event.record)
      .filter(({ index }) => index > given)
      .map(({ name, index }) => formatEvent({ name, id: `${seq}.${index}`, data: event.json }))
      .join('');
  };
}

function formatPlace(event: Exclude<TailEvent, { kind: 'record' }>): string {
  if (event.kind === 'place') return `id: ${event.seq}\n\n`;
  const { from, to, count } = event;
  const data = JSON.stringify({ from: String(from), to: String(to), count });
  return formatEvent({ name: 'gap', id: String(to), data });
}
