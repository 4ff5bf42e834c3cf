import type { StoredRecord } from '../../record/log-record.ts';
import type { BusMessage } from './bus-message.ts';
import type { LateRecords } from './live-bus.ts';

interface Member {
  number: number;
  committed: number;
  readers: boolean;
  /** When its last message came, in milliseconds of a monotonic clock. */
  heard: number;
}

/** Records behind `from`, up to `to`, that are in the store alone. */
interface Unseen {
  readonly from: number;
  readonly to: number;
}

export interface Released {
  readonly watermark: number;
  readonly records: readonly StoredRecord[] | undefined;
}

const MAX_WAITING = 50_000;

/**
 * Puts what several processes store into one order. Each process reports up to which sequence number it has sent everything. The
 * lowest of these numbers is the watermark, and records up to it go out in the order of their sequence numbers. This needs neither a
 * common clock nor a leader.
 */
export class SharedWatermark {
  readonly #members = new Map<string, Member>();
  readonly #silentAfter: number;
  #watermark = 0;
  #waiting: StoredRecord[] = [];
  #unseen: Unseen[] = [];
  /** Up to which sequence number the processes had sent everything that were left out. */
  readonly #dropped = new Map<string, number>();

  /** @param silentAfter milliseconds after which a process that sends nothing is taken for dead */
  constructor(silentAfter: number) {
    this.#silentAfter = silentAfter;
  }

  get watermark(): number {
    return this.#watermark;
  }

  get size(): number {
    return this.#members.size;
  }

  get hasReaders(): boolean {
    for (const { readers } of this.#members.values()) if (readers) return true;
    return false;
  }

  /** The highest sequence number that any process has reported: a process that is not there yet holds up the others. */
  get furthest(): number {
    let furthest = this.#watermark;
    for (const { committed } of this.#members.values()) furthest = Math.max(furthest, committed);
    return furthest;
  }

  isMember(process: string): boolean {
    return this.#members.has(process);
  }

  /** @returns records that come too late, for the watermark has passed them */
  receive(message: BusMessage, now: number): LateRecords | undefined {
    const { process, number, kind, stored, records } = message;
    const known = this.#members.get(process);
    if (kind === 'bye') this.#members.delete(process);
    else {
      const committed = kind === 'hello' ? 0 : Math.max(known?.committed ?? 0, message.committed);
      this.#members.set(process, { number, committed, readers: message.readers, heard: now });
    }
    if (kind === 'hello' || stored === 0) {
      // The lost messages may have had records in them.
      if (known && number > known.number + 1) this.#hide(known.committed, message.committed);
      return undefined;
    }
    const contiguous = records && known && number === known.number + 1;
    if (!contiguous) this.#hide(known?.committed ?? this.#watermark, message.committed);
    else this.#add(records, message.committed);
    return this.#lateOf(message, known);
  }

  /** Leaves out processes that have been silent; the others go on without them. */
  dropSilent(now: number): string[] {
    const dropped: string[] = [];
    for (const [process, { heard, committed }] of this.#members) {
      if (now - heard < this.#silentAfter) continue;
      this.#members.delete(process);
      this.#dropped.set(process, committed);
      // It may have stored records that it could not send any more.
      this.#hide(committed, committed + this.#silentAfter * 2_000);
      dropped.push(process);
    }
    return dropped;
  }

  /** Begins the waits for the others anew: while this process was cut off, it could not know who was silent. */
  hearAgain(now: number): void {
    for (const member of this.#members.values()) member.heard = now;
  }

  /** What can go out now; undefined where nothing can. */
  release(): Released | undefined {
    let watermark = Number.POSITIVE_INFINITY;
    for (const { committed } of this.#members.values()) watermark = Math.min(watermark, committed);
    if (watermark === Number.POSITIVE_INFINITY || watermark <= this.#watermark) return undefined;
    const unseen = this.#unseen.some(({ from, to }) => from < watermark && to > this.#watermark);
    this.#watermark = watermark;
    const ready: StoredRecord[] = [];
    const later: StoredRecord[] = [];
    for (const record of this.#waiting) (record.seq <= watermark ? ready : later).push(record);
    this.#waiting = later;
    this.#unseen = this.#unseen.filter(({ to }) => to > watermark);
    return { watermark, records: unseen ? undefined : ready.sort((a, b) => a.seq - b.seq) };
  }

  #add(records: readonly StoredRecord[], committed: number): void {
    if (this.#waiting.length + records.length > MAX_WAITING) {
      this.#hide(this.#watermark, Math.max(committed, this.furthest));
      this.#waiting = [];
      return;
    }
    for (const record of records) if (record.seq > this.#watermark) this.#waiting.push(record);
  }

  #hide(from: number, to: number): void {
    if (to > this.#watermark) this.#unseen.push({ from, to });
  }

  #lateOf({ process, stored, records }: BusMessage, known: Member | undefined): LateRecords | undefined {
    const from = known?.committed || this.#dropped.get(process);
    if (from === undefined || from >= this.#watermark) return undefined;
    const to = this.#watermark;
    const late = records ? records.filter(({ seq }) => seq <= to).length : stored;
    return late === 0 ? undefined : { from, to, count: late };
  }
}
