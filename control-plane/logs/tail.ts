import type { LiveBus, LiveRecord } from '../../pipeline/live/live-bus.ts';
import { formatRecord, type LevelCase } from '../../pipeline/record/format-record.ts';
import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import type { LogFilter } from './log-filter.ts';

export interface TailRequest {
  readonly filter: LogFilter;
  /** Go on behind this place; without it, start at the newest record. */
  readonly after?: number | undefined;
  /** Give this many of the newest records first. */
  readonly tail?: number | undefined;
  /** End when everything that was stored at the start has been given. */
  readonly follow: boolean;
  readonly levelCase: LevelCase;
  readonly signal: AbortSignal;
}

export type TailEvent =
  | { readonly kind: 'record'; readonly seq: number; readonly json: string }
  /** The reader was too slow: `count` records behind `from` up to `to` were left out. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number; readonly count: number };

export interface TailOptions {
  readonly store: LogStore;
  readonly bus: LiveBus;
  /** Records that one reader may have waiting in memory. */
  readonly maxWaiting?: number;
  /** Records that a reader which fell behind may fetch from the store; beyond it the tail jumps to the present. */
  readonly maxBehind?: number;
}

const PAGE = 1_000;

/**
 * Follows the log without a hole and without a repetition. One cursor tells how far the reader is. Behind
 * the present, pages come from the store, up to the bus's watermark; once the cursor has reached the
 * watermark, records come from the bus. A reader that lets too many wait drops them and reads them from the
 * store again, so resuming, history and slowness are one and the same case.
 */
export async function* tailLogs(options: TailOptions, request: TailRequest): AsyncGenerator<TailEvent[]> {
  const { store, bus, maxWaiting = 5_000, maxBehind = 100_000 } = options;
  const { filter, levelCase, signal } = request;
  let cursor = request.after ?? bus.watermark;
  let live = false;
  let overflowed = false;
  let waiting: LiveRecord[] = [];
  let wake = () => {};

  const unsubscribe = bus.subscribe((records) => {
    if (!live) return;
    for (const record of records ?? []) if (filter.matches(record.record)) waiting.push(record);
    if (!records || waiting.length > maxWaiting) {
      live = false;
      overflowed = records !== undefined;
      waiting = [];
    } else if (waiting.length === 0) {
      cursor = bus.watermark;
    }
    wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });

  const toEvent = (record: StoredRecord): TailEvent => ({
    kind: 'record',
    seq: record.seq,
    json: formatRecord(record, levelCase),
  });

  try {
    const end = bus.watermark;
    if (request.tail) {
      const history = await store.newest(request.tail, { ...filter, after: request.after ?? 0, upTo: end });
      cursor = end;
      if (history.length > 0) yield history.map(toEvent);
    }
    while (!signal.aborted) {
      if (live) {
        if (waiting.length === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        const records = waiting;
        waiting = [];
        cursor = records.at(-1)!.record.seq;
        yield records.map((record) => ({
          kind: 'record',
          seq: record.record.seq,
          json: record.json(levelCase),
        }));
        continue;
      }
      const upTo = request.follow ? bus.watermark : end;
      if (overflowed) {
        overflowed = false;
        const count = await store.count({ ...filter, after: cursor, upTo });
        if (count > maxBehind) {
          yield [{ kind: 'gap', from: cursor, to: upTo, count }];
          cursor = upTo;
        }
      }
      const page = await store.oldest(PAGE, { ...filter, after: cursor, upTo });
      if (page.length > 0) yield page.map(toEvent);
      cursor = page.length < PAGE ? upTo : page.at(-1)!.seq;
      if (cursor < upTo) continue;
      if (!request.follow) return;
      // Nothing awaited since the watermark was compared: no record can slip in between.
      live = cursor === bus.watermark;
    }
  } finally {
    unsubscribe();
  }
}
