import type { LiveBus } from '../../pipeline/live/live-bus.ts';
import { formatRecord, type LevelCase } from '../../pipeline/record/format-record.ts';
import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import { LiveReader } from './live-reader.ts';
import type { LogFilter } from './log-filter.ts';

export interface TailRequest {
  readonly filter: Pick<LogFilter, 'where' | 'parameters' | 'matches'>;
  /** Go on exactly behind this place; without it, begin at the newest record. */
  readonly after?: number | undefined;
  /** Where `after` is not given: begin with this many of the newest records. */
  readonly tail?: number | undefined;
  /** Where `after` is not given: begin with the records from this time on; nanoseconds since 1970. */
  readonly since?: bigint | undefined;
  /** End when everything that was stored at the start has been given. */
  readonly follow: boolean;
  readonly levelCase: LevelCase;
  readonly signal: AbortSignal;
}

export type TailEvent =
  | { readonly kind: 'record'; readonly record: StoredRecord; readonly json: string }
  /** Everything up to this place has been given; a reader that got no record yet can resume from it. */
  | { readonly kind: 'place'; readonly seq: number }
  /** Nothing comes though records are stored, for this reason; or it goes on again. */
  | { readonly kind: 'notice'; readonly problem: string | undefined }
  /** The reader was too slow: `count` records behind `from` up to `to` were left out. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number; readonly count: number };

export interface TailOptions {
  readonly store: LogStore;
  readonly bus: LiveBus;
  /** Records that one reader may have waiting in memory; they are shared with the other readers. */
  readonly maxWaiting?: number;
  /** Records that a reader which fell behind may fetch from the store; beyond it the tail jumps to the present. */
  readonly maxBehind?: number;
}

/** Microseconds that one server process may be ahead of another. */
const MOST_AHEAD = 3_600_000_000;
const PAGE = 2_000;
/** Records in one event list: what stands in memory as text for a reader that does not take it. */
const CHUNK = 500;

/**
 * Follows the log without a hole and without a repetition. One cursor tells how far the reader is. Behind
 * the present, pages come from the store, up to the bus's watermark; what is published from then on waits for the
 * reader and comes behind them. A reader that lets too many wait drops them and reads them from the
 * store again, so resuming, history and slowness are one and the same case.
 */
export async function* tailLogs(options: TailOptions, request: TailRequest): AsyncGenerator<TailEvent[]> {
  const { store, bus, maxWaiting = 10_000, maxBehind = 100_000 } = options;
  const { filter, tail, since, follow, levelCase, signal } = request;
  const parameters = since === undefined ? filter.parameters : { ...filter.parameters, since };
  const limits = { signal, settings: { max_execution_time: 30, max_threads: 1 } };
  const reader = new LiveReader(bus, filter.matches, maxWaiting);
  const wake = () => reader.wake();
  signal.addEventListener('abort', wake, { once: true });

  const toEvent = (record: StoredRecord): TailEvent => ({
    kind: 'record',
    record,
    json: formatRecord(record, levelCase),
  });

  async function* pages(after: number, upTo: number, where: string): AsyncGenerator<StoredRecord[]> {
    for (let cursor = after; cursor < upTo; ) {
      const page = await store.oldest(PAGE, { after: cursor, upTo, where, parameters }, limits);
      cursor = page.length < PAGE ? upTo : page.at(-1)!.seq;
      yield page;
    }
  }

  async function* history(upTo: number): AsyncGenerator<StoredRecord[]> {
    const where = since === undefined ? filter.where : `(${filter.where}) AND ${SINCE}`;
    if (tail === undefined && since !== undefined) yield* pages(0, upTo, where);
    if (tail !== undefined && tail > 0)
      yield await store.newest(tail, { after: 0, upTo, where, parameters }, limits);
  }

  try {
    const end = bus.watermark;
    let cursor = request.after ?? end;
    if (request.after === undefined) {
      if (follow) reader.join(end);
      let given = 0;
      for await (const page of history(end)) {
        given += page.length;
        yield* inChunks(page.map(toEvent));
      }
      if (given === 0) yield [{ kind: 'place', seq: end }];
    }
    let wasLive = false;
    let problem: string | undefined;
    while (!signal.aborted) {
      reader.check();
      if (follow && problem !== bus.problem) {
        problem = bus.problem;
        yield [{ kind: 'notice', problem }];
        continue;
      }
      const late = reader.takeLate();
      if (late.length > 0) yield late.map((records) => ({ kind: 'gap', ...records }));
      if (reader.live) {
        wasLive = true;
        const records = reader.take(CHUNK);
        if (records.length === 0) await reader.changed();
        else {
          yield records.map((live) => ({
            kind: 'record',
            record: live.record,
            json: live.json(levelCase),
          }));
        }
        cursor = reader.cursor;
        continue;
      }
      if (follow && isAhead(bus, cursor)) {
        await reader.changed();
        continue;
      }
      if (follow && reader.join(cursor)) continue;
      const upTo = follow ? bus.watermark : end;
      // What is published meanwhile waits for the reader, so that it has caught up when it has read the store once.
      if (follow) reader.join(upTo);
      const behind = wasLive ? await store.count({ ...filter, after: cursor, upTo }, limits) : 0;
      if (behind > maxBehind) yield [{ kind: 'gap', from: cursor, to: upTo, count: behind }];
      else {
        for await (const page of pages(cursor, upTo, filter.where)) yield* inChunks(page.map(toEvent));
      }
      cursor = upTo;
      if (!follow) return;
    }
  } finally {
    signal.removeEventListener('abort', wake);
    reader.close();
  }
}

/** The place comes from another server process, which has published further than this one. */
function isAhead({ shared, watermark }: LiveBus, cursor: number): boolean {
  return shared && cursor > watermark && cursor - watermark < MOST_AHEAD;
}

const SINCE = "timestamp >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')";

function* inChunks(events: readonly TailEvent[]): Generator<TailEvent[]> {
  for (let from = 0; from < events.length; from += CHUNK) yield events.slice(from, from + CHUNK);
}
