import type { StoredRecord } from '../../record/log-record.ts';
import type { LateRecords } from './live-bus.ts';

/** What a server process tells the others. */
export interface BusMessage {
  readonly process: string;
  /** Rises by one with each message of the process: a hole tells that some were lost. */
  readonly number: number;
  /** `hello`: it has joined and will say where it begins; `bye`: it stores nothing more. */
  readonly kind: 'hello' | 'told' | 'bye';
  /** Every record that it stored up to this place has been told, and it will store none there any more. */
  readonly settled: number;
  /** It has live readers: records are to be sent along. */
  readonly readers: boolean;
  /** How many records it stored since its last message that arrived. */
  readonly stored: number;
  /** These records; undefined where they are in the store alone. */
  readonly records: readonly StoredRecord[] | undefined;
}

interface Member {
  number: number;
  settled: number;
  readers: boolean;
  /** Milliseconds of any clock that only goes on. */
  heard: number;
}

/** Records behind `from`, up to `to`, that are in the store and not here. */
interface Unseen {
  readonly from: number;
  readonly to: number;
}

export interface Released {
  readonly watermark: number;
  readonly records: readonly StoredRecord[] | undefined;
}

const MOST_WAITING = 50_000;

/**
 * Puts what several processes store into one order. Each tells up to which place it has told everything; the lowest of
 * these is the watermark, and up to it records go out by their places. It needs no clock in common and no leader.
 */
export class SharedWatermark {
  readonly #members = new Map<string, Member>();
  readonly #silentAfter: number;
  #watermark = 0;
  #waiting: StoredRecord[] = [];
  #unseen: Unseen[] = [];
  /** Up to where processes had told that were left out. */
  readonly #dropped = new Map<string, number>();

  /** @param silentAfter milliseconds after which a process that says nothing is taken for dead */
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

  /** The furthest place that any process has told: who is not there yet holds the others up. */
  get furthest(): number {
    let furthest = this.#watermark;
    for (const { settled } of this.#members.values()) furthest = Math.max(furthest, settled);
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
      const settled = kind === 'hello' ? 0 : Math.max(known?.settled ?? 0, message.settled);
      this.#members.set(process, { number, settled, readers: message.readers, heard: now });
    }
    if (kind === 'hello' || stored === 0) {
      // What got lost may have told of records.
      if (known && number > known.number + 1) this.#hide(known.settled, message.settled);
      return undefined;
    }
    const whole = records && known && number === known.number + 1;
    if (!whole) this.#hide(known?.settled ?? this.#watermark, message.settled);
    else this.#add(records, message.settled);
    return this.#lateOf(message, known);
  }

  /** Leaves out processes that have been silent; the others go on without them. */
  dropSilent(now: number): string[] {
    const dropped: string[] = [];
    for (const [process, { heard, settled }] of this.#members) {
      if (now - heard < this.#silentAfter) continue;
      this.#members.delete(process);
      this.#dropped.set(process, settled);
      // It may have stored what it could not tell any more.
      this.#hide(settled, settled + this.#silentAfter * 2_000);
      dropped.push(process);
    }
    return dropped;
  }

  /** While this process itself could not hear, nobody was silent. */
  hearAgain(now: number): void {
    for (const member of this.#members.values()) member.heard = now;
  }

  /** What can go out now; undefined where nothing can. */
  release(): Released | undefined {
    let watermark = Number.POSITIVE_INFINITY;
    for (const { settled } of this.#members.values()) watermark = Math.min(watermark, settled);
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

  #add(records: readonly StoredRecord[], settled: number): void {
    if (this.#waiting.length + records.length > MOST_WAITING) {
      this.#hide(this.#watermark, Math.max(settled, this.furthest));
      this.#waiting = [];
      return;
    }
    for (const record of records) if (record.seq > this.#watermark) this.#waiting.push(record);
  }

  #hide(from: number, to: number): void {
    if (to > this.#watermark) this.#unseen.push({ from, to });
  }

  #lateOf({ process, stored, records }: BusMessage, known: Member | undefined): LateRecords | undefined {
    const from = known?.settled || this.#dropped.get(process);
    if (from === undefined || from >= this.#watermark) return undefined;
    const to = this.#watermark;
    const late = records ? records.filter(({ seq }) => seq <= to).length : stored;
    return late === 0 ? undefined : { from, to, count: late };
  }
}
