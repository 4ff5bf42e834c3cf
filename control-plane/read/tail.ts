import { formatRecord, type LevelCase } from '../../pipeline/record/format-record.ts';
import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import { ClickHouseError } from '../../pipeline/store/clickhouse.ts';
import type { LiveBus } from '../../pipeline/store/live/live-bus.ts';
import type { LiveFilter } from '../../pipeline/store/live/live-filters.ts';
import { bytesOf } from '../../pipeline/store/live/live-record.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import { Guard } from '../query/guard.ts';
import type { LogFilter } from '../query/log-filter.ts';
import { pagesOfRecords } from './bounded-reader.ts';
import { LiveReader } from './live-reader.ts';

export type TailFilter = Pick<LogFilter, 'where' | 'parameters' | 'matches'> &
  Partial<Pick<LogFilter, 'prefilter'>>;

export interface TailRequest {
  readonly filter: TailFilter;
  /** Goes on exactly behind this sequence number; without it, begins at the newest record. */
  readonly after?: number | undefined;
  /** Without `after`: begins with this many of the newest records. */
  readonly tail?: number | undefined;
  /** Without `after`: begins with the records from this time on; nanoseconds since 1970. */
  readonly since?: bigint | undefined;
  /** False: ends when everything that was stored at the start has been sent. */
  readonly follow: boolean;
  readonly levelCase: LevelCase;
  readonly signal: AbortSignal;
}

export type TailEvent =
  | { readonly kind: 'record'; readonly record: StoredRecord; readonly json: string }
  /** Everything up to this sequence number has been sent; a reader without any record yet can resume from it. */
  | { readonly kind: 'position'; readonly seq: number }
  /** Why nothing comes although records are stored; undefined when the stream goes on. */
  | { readonly kind: 'notice'; readonly problem: string | undefined }
  /** `count` records behind `from` up to `to` were left out, because the reader was too slow or they cannot be read. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number; readonly count: number };

export interface TailOptions {
  readonly store: LogStore;
  readonly bus: LiveBus;
  /** Records that a slow reader may get from the store; if there are more, the tail jumps to the present. */
  readonly maxBehind?: number;
}

/** Microseconds that one server process may be ahead of another. */
const MAX_AHEAD = 3_600_000_000;
const PAGE_RECORDS = 2_000;
/** Bounds of one list of events, whose text is in memory until the reader takes it. A larger record is alone in its list. */
const CHUNK_RECORDS = 500;
const CHUNK_BYTES = 64 * 1024;
const MAX_ATTEMPTS = 5;

/**
 * Follows the log without gaps and without repetitions. One cursor is the reader's position. Older records come from the store in
 * pages, up to the bus's watermark; later ones come from the bus, which keeps them for all readers. A reader that falls behind
 * these reads the store again, so resuming, history and slowness are the same case. A record that cannot be read is a gap
 * of one.
 */
export async function* tailLogs(options: TailOptions, request: TailRequest): AsyncGenerator<TailEvent[]> {
  const { store, bus, maxBehind = 100_000 } = options;
  const { filter, tail, since, follow, levelCase, signal } = request;
  const limits = { signal, settings: { max_execution_time: 30, max_threads: 1 } };
  const reader = new LiveReader(bus, liveFilter(filter));
  const wake = () => reader.wake();
  signal.addEventListener('abort', wake, { once: true });

  /** Yields the store's records behind a sequence number; a page whose memory was given up is read again. */
  async function* stored(after: number, upTo: number, chosen: Chosen): AsyncGenerator<TailEvent[]> {
    const gaps: TailEvent[] = [];
    const pages = pagesOfRecords({
      store,
      filter: chosen,
      limits,
      maxRecords: PAGE_RECORDS,
      map: (records) => records,
      onPassedOver: (seq) => gaps.push({ kind: 'gap', from: seq - 1, to: seq, count: 1 }),
    });
    for (let cursor = after; cursor < upTo && !signal.aborted; ) {
      const page = await nextPage(() => pages.next(cursor, upTo));
      if (gaps.length > 0) yield gaps.splice(0);
      let records = page.value;
      const release = bus.pages.hold(page.bytes, () => {
        records = undefined;
      });
      try {
        for (let taken = 0; records && taken < records.length; ) {
          const chunk = firstChunk(records, taken);
          taken += chunk.length;
          cursor = chunk.at(-1)!.seq;
          yield chunk.map((record) => toEvent(record, levelCase));
        }
        if (records || page.value === undefined || page.value.length === 0) cursor = page.upTo;
      } finally {
        release();
      }
    }
  }

  async function* history(upTo: number): AsyncGenerator<TailEvent[]> {
    const chosen =
      since === undefined
        ? filter
        : { where: `(${filter.where}) AND ${SINCE}`, parameters: { ...filter.parameters, since } };
    if (tail === undefined && since !== undefined) yield* stored(0, upTo, chosen);
    if (tail === undefined || tail === 0) return;
    const first = await store.startOfNewest(tail, { after: 0, upTo, ...chosen }, limits);
    if (first !== undefined) yield* stored(first - 1, upTo, chosen);
  }

  try {
    const end = bus.watermark;
    let cursor = request.after ?? end;
    if (request.after === undefined) {
      if (follow) reader.join(end);
      let given = 0;
      for await (const events of history(end)) {
        given += events.length;
        yield events;
      }
      if (given === 0) yield [{ kind: 'position', seq: end }];
    }
    let wasLive = false;
    let problem: string | undefined;
    while (!signal.aborted) {
      if (follow && problem !== bus.problem) {
        problem = bus.problem;
        yield [{ kind: 'notice', problem }];
        continue;
      }
      const late = reader.takeLate();
      if (late) yield [{ kind: 'gap', ...late }];
      if (reader.live) {
        wasLive = true;
        const records = reader.take(CHUNK_RECORDS, CHUNK_BYTES);
        cursor = reader.cursor;
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
      // The bus keeps what is published meanwhile, so that the reader has caught up after one read of the store.
      if (follow) reader.join(upTo);
      const behind = wasLive ? await store.count({ ...filter, after: cursor, upTo }, limits) : 0;
      if (behind > maxBehind) yield [{ kind: 'gap', from: cursor, to: upTo, count: behind }];
      else yield* stored(cursor, upTo, filter);
      cursor = upTo;
      if (!follow) return;
    }
  } finally {
    signal.removeEventListener('abort', wake);
    reader.close();
  }
}

type Chosen = Pick<TailFilter, 'where'> & {
  readonly parameters: Readonly<Record<string, string | number | bigint | readonly string[]>>;
};

/**
 * The live filter; its key is the condition with its values. Where the predicate fails or takes too long, the reader reads the store,
 * where the engine applies the condition.
 */
function liveFilter({ where, parameters, matches, prefilter }: TailFilter): LiveFilter {
  const values = Object.entries(parameters).map(
    ([name, value]) => `${name}=${JSON.stringify(String(value))}`,
  );
  const guard = new Guard({ name: 'the query of a live stream' });
  const guarded = (record: StoredRecord) => {
    const selects = guard.run(matches, record);
    if (selects === undefined) throw new Error('the query of a live stream has failed or was too slow');
    return selects;
  };
  return { key: [where, ...values].join('\n'), matches: guarded, prefilter };
}

/** Retries a page; a record that exceeds the limits is skipped after a few attempts. */
async function nextPage<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      const again = error instanceof ClickHouseError && error.exceedsLimit && attempt < MAX_ATTEMPTS;
      if (!again) throw error;
    }
  }
}

function toEvent(record: StoredRecord, levelCase: LevelCase): TailEvent {
  return { kind: 'record', record, json: formatRecord(record, levelCase) };
}

/** True where a cursor comes from another server process that is ahead of this one. */
function isAhead({ shared, watermark }: LiveBus, cursor: number): boolean {
  return shared && cursor > watermark && cursor - watermark < MAX_AHEAD;
}

const SINCE = "timestamp >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')";

function firstChunk(records: readonly StoredRecord[], from: number): readonly StoredRecord[] {
  let bytes = 0;
  let to = from;
  while (to < records.length && to - from < CHUNK_RECORDS) {
    bytes += bytesOf(records[to]!);
    if (bytes > CHUNK_BYTES && to > from) break;
    to++;
  }
  return records.slice(from, to);
}
