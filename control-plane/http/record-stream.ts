import type { Context } from 'koa';
import { z } from 'zod';
import { badRequest } from '../../pipeline/runtime/errors.ts';
import type { LiveBus } from '../../pipeline/store/live/live-bus.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import { type Clock, parseTime, TIME_FORMS, toNanos } from '../query/parse-time.ts';
import type { NamedQueries } from '../read/named-queries.ts';
import { type TailEvent, type TailRequest, tailLogs } from '../read/tail.ts';
import { ERROR } from './error-response.ts';
import { formatEvent, type OpenStreams, respondWithEvents } from './event-stream.ts';
import { lastEventId } from './last-event-id.ts';
import {
  describe,
  ExpectedError,
  flag,
  optionalText,
  type ParameterValues,
  parameter,
  wholeNumber,
} from './parameters.ts';
import { TIMEZONE } from './record-parameters.ts';
import { RECORD } from './record-schema.ts';
import type { MediaTypes } from './route.ts';

/** Events on every live stream beside its records. */
export interface Notices {
  /** Their schemas by name. */
  readonly events: MediaTypes;
  /** @returns a function that ends the subscription */
  subscribe(write: (event: string) => void): () => void;
}

/** What streams of records are made of. */
export interface RecordStreams {
  readonly store: LogStore;
  readonly bus: LiveBus;
  readonly open: OpenStreams;
  readonly notices: Notices;
}

const MAX_TAIL = 10_000;

const EVENT_ID = parameter({ type: 'string', pattern: '^(\\d{1,16}(\\.\\d{1,2})?)?$' }, (given) => {
  if (given === undefined || given === '') return undefined;
  const id = parseEventId(given);
  if (!id) throw new ExpectedError('the id of a record');
  return id;
});

/** With how much of the past a stream of records begins. */
export const STREAM = {
  tail: describe(wholeNumber(0, MAX_TAIL, undefined), 'Begin with so many of the newest records', 100),
  since: describe(optionalText, `Begin with the records since this time: ${TIME_FORMS}`, 'now-5m'),
  tz: TIMEZONE,
  follow: describe(flag(true), 'False ends the stream after the stored records'),
  after: describe(
    EVENT_ID,
    'Continue after the event of this id, as the header `Last-Event-ID` does',
    '1780560930250000',
  ),
};

export const STREAM_HEADERS = {
  'Last-Event-ID': {
    description: 'The `id` of the last event that the client received: the stream continues after it',
    example: '1780560930250000',
  },
};

export const RECORD_EVENTS = {
  message: RECORD,
  gap: z
    .object({ from: z.string(), to: z.string(), count: z.int() })
    .describe('The client was too slow: it missed `count` records between two ids'),
  notice: z
    .object({ message: z.string() })
    .describe('The stream does not deliver records that are stored, or delivers them again'),
  end: z.object({ reason: z.string() }).describe('The stream has lasted `STREAM_MAX_MINUTES`'),
  error: ERROR,
};

/** Responds with a live stream of the records that a filter selects. The request says with how much of the past it begins. */
export function respondWithRecords(
  context: Context,
  { store, bus, open, notices }: RecordStreams,
  { tail, since, follow, after, tz }: ParameterValues<typeof STREAM>,
  filter: TailRequest['filter'],
  named?: NamedQueries,
): void {
  const given = lastEventId(context, EVENT_ID_FORM);
  const last = given === undefined ? after : parseEventId(given);
  const request = {
    filter,
    tail,
    since: readSince(since, { now: Date.now(), timezone: tz }),
    follow,
    after: last && (last.index === undefined ? last.seq : Math.max(0, last.seq - 1)),
    levelCase: 'upper',
  } as const;
  const format = named ? formatNamed(named, last) : formatUnnamed;
  const source = async function* (signal: AbortSignal) {
    for await (const events of tailLogs({ store, bus }, { ...request, signal })) {
      yield events.map(format).join('');
    }
  };
  respondWithEvents(context, { ...open, beside: (write) => notices.subscribe(write) }, source);
}

/**
 * The `id:` of an event: the sequence number of a record. With several queries on one stream it has the index of the query too, because a
 * record that several of them select is several events, and a connection can break between them.
 */
interface EventId {
  readonly seq: number;
  readonly index: number | undefined;
}

const EVENT_ID_FORM = /^(\d{1,16})(?:\.(\d{1,2}))?$/;

function parseEventId(text: string): EventId | undefined {
  const parts = EVENT_ID_FORM.exec(text);
  return parts
    ? { seq: Number(parts[1]), index: parts[2] === undefined ? undefined : Number(parts[2]) }
    : undefined;
}

function readSince(text: string | undefined, clock: Clock): bigint | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text, clock);
  if (!time) throw badRequest(`since: expected ${TIME_FORMS}, got "${text}"`);
  return toNanos(time);
}

function formatUnnamed(event: TailEvent): string {
  return event.kind === 'record'
    ? formatEvent({ id: String(event.record.seq), data: event.json })
    : formatProgress(event);
}

/** One event for each query that selects the record, under the query's name. */
function formatNamed({ selecting }: NamedQueries, last: EventId | undefined): (event: TailEvent) => string {
  return (event) => {
    if (event.kind !== 'record') return formatProgress(event);
    const { seq } = event.record;
    const given = last?.index !== undefined && last.seq === seq ? last.index : -1;
    return selecting(event.record)
      .filter(({ index }) => index > given)
      .map(({ name, index }) => formatEvent({ name, id: `${seq}.${index}`, data: event.json }))
      .join('');
  };
}

function formatProgress(event: Exclude<TailEvent, { kind: 'record' }>): string {
  if (event.kind === 'notice') {
    const message = event.problem ?? 'live records are delivered again';
    return formatEvent({ name: 'notice', data: JSON.stringify({ message }) });
  }
  if (event.kind === 'position') return `id: ${event.seq}\n\n`;
  const { from, to, count } = event;
  const data = JSON.stringify({ from: String(from), to: String(to), count });
  return formatEvent({ name: 'gap', id: String(to), data });
}
