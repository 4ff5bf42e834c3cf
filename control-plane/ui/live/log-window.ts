import type { LogRecord } from './log-record.ts';

interface Position {
  /** The time as a text that sorts as the time does. */
  readonly time: string;
  readonly id: number;
}

export interface LineRow extends Position {
  readonly kind: 'line';
  readonly record: LogRecord;
  /** Characters, about. */
  readonly size: number;
  /** Lines that the message is folded to are all shown. */
  unfolded: boolean;
  /** Pixels; 0 until it was drawn. */
  height: number;
}

/** Lines that are missing between the rows around it. */
export interface GapRow extends Position {
  readonly kind: 'gap';
  readonly count: number;
  height: number;
}

export type Row = LineRow | GapRow;

/** The most that a page keeps. Beyond it the oldest lines are dropped or, while those are read, no new ones are added. */
export const MAX_LINES = 100_000;
export const MAX_SIZE = 64 * 1024 * 1024;

/** Lines in the order of their time, without a repetition, wherever they came from: one list of history and present. */
export class LogWindow {
  rows: Row[] = [];
  /** Counts the lines that were dropped to stay within the bounds. */
  dropped = 0;
  /** Late lines before the first row: they are loaded when the reader scrolls back so far. */
  late = 0;
  #size = 0;

  /** @param open the list goes on before its first line: what is older belongs to that part, and is not put in */
  add(records: readonly LogRecord[], open = false): number {
    const first = open ? this.rows[0] : undefined;
    const batch = records.map(toRow).sort(compare);
    const fitting = first ? batch.filter((row) => compare(row, first) >= 0) : batch;
    this.late += batch.length - fitting.length;
    return this.#merge(fitting);
  }

  /** Adds a gap after the last row: lines are missing there. */
  addGap(count: number): void {
    const last = this.rows.at(-1);
    if (last?.kind === 'gap') this.rows.pop();
    const before = last?.kind === 'gap' ? last.count : 0;
    // No record has an id with a half, so later lines sort after the gap.
    const position = last ? { time: last.time, id: last.id + 0.5 } : { time: '', id: 0 };
    this.rows.push({ kind: 'gap', count: count + before, height: 0, ...position });
  }

  get isFull(): boolean {
    return this.rows.length >= MAX_LINES || this.#size >= MAX_SIZE;
  }

  /** Lets the oldest lines go that are too many. */
  dropOldest(): number {
    let count = Math.max(0, this.rows.length - MAX_LINES);
    for (let index = 0, over = this.#size - MAX_SIZE; index < count || over > 0; index++) {
      const row = this.rows[index]!;
      const size = row.kind === 'line' ? row.size : 0;
      over -= size;
      this.#size -= size;
      count = Math.max(count, index + 1);
    }
    if (count > 0) this.rows = this.rows.slice(count);
    this.dropped += count;
    return count;
  }

  clear(): void {
    this.rows = [];
    this.#size = 0;
  }

  /** Where a row stands; -1 when it is no longer here. */
  indexOf(row: Row): number {
    const index = this.#lowerBound(row);
    return this.rows[index] === row ? index : -1;
  }

  find(id: string): LineRow | undefined {
    return this.rows.find((row): row is LineRow => row.kind === 'line' && row.record.id === id);
  }

  get firstLine(): LineRow | undefined {
    return this.rows.find((row) => row.kind === 'line');
  }

  get lastLine(): LineRow | undefined {
    return this.rows.findLast((row) => row.kind === 'line');
  }

  #merge(batch: readonly LineRow[]): number {
    const [first] = batch;
    if (!first) return 0;
    const from = this.#lowerBound(first);
    const tail = this.rows.slice(from);
    this.rows.length = from;
    let added = 0;
    let next = 0;
    for (const row of batch) {
      while (next < tail.length && compare(tail[next]!, row) < 0) this.rows.push(tail[next++]!);
      const last = this.rows.at(-1);
      const known =
        (next < tail.length && compare(tail[next]!, row) === 0) || (last && compare(last, row) === 0);
      if (known) continue;
      this.rows.push(row);
      this.#size += row.size;
      added++;
    }
    while (next < tail.length) this.rows.push(tail[next++]!);
    return added;
  }

  #lowerBound(position: Position): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.rows[middle]!, position) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function toRow(record: LogRecord): LineRow {
  // Without the Z and trailing zeros, texts of different precision sort correctly.
  const own = record.timestamp.slice(0, -1).replace(/(\.\d*?)0+$/, '$1');
  const arrival = arrivalOf(record);
  // A clock that is ahead must not keep its lines behind all others.
  const [time] = [own, arrival].sort() as [string, string];
  const size = record.message.length + 500;
  return { kind: 'line', record, time, id: Number(record.id), size, unfolded: false, height: 0 };
}

/** When the server got a record, in the form of a row's time. Ids are microseconds since 1970. */
function arrivalOf({ id }: LogRecord): string {
  const micros = id.slice(-6).replace(/0+$/, '');
  const second = new Date(Number(id.slice(0, -6)) * 1000).toISOString().slice(0, 19);
  return micros === '' ? second : `${second}.${micros}`;
}

function compare(a: Position, b: Position): number {
  return a.time < b.time ? -1 : a.time > b.time ? 1 : a.id - b.id;
}
