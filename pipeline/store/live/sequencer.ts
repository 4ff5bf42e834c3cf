const DAY_MICROSECONDS = 86_400_000_000;

/** The day of arrival, counted since 1970: the partition of the table that a sequence number belongs to. */
export function dayOf(seq: number): number {
  return Math.floor(seq / DAY_MICROSECONDS);
}

/** Longer than the longest batch, whose sequence numbers follow each other within one block. */
export const BLOCK_MICROSECONDS = 131_072;

/** Server processes that can share one store. Each has every eighth block, 125,000 sequence numbers a second. */
export const MAX_PROCESSES = 8;

/**
 * Gives out sequence numbers in the order of arrival. A sequence number is the time of arrival in microseconds since 1970, or the next
 * free number where that one is taken. So it rises strictly, also over restarts and when the clock steps back, and stays exact in
 * a double until the year 2255. It is a record's id, its page cursor and the point from which a live tail goes on.
 */
export class Sequencer {
  #last: number;
  readonly #now: () => number;
  readonly #share: number | undefined;

  /**
   * @param last the highest sequence number that the store holds
   * @param now milliseconds since 1970
   * @param share from 0 to `MAX_PROCESSES` - 1, where several processes share the store: sequence numbers are then taken from
   *   blocks of time that belong to this process alone, so that none is given out twice even where the processes cannot talk
   */
  constructor(last: number, now: () => number = Date.now, share?: number) {
    this.#last = last;
    this.#now = now;
    this.#share = share;
  }

  /** The last number that was given out; every further one is higher. */
  get last(): number {
    return this.#last;
  }

  /** Gives out only higher numbers from now on. */
  advance(seq: number): void {
    this.#last = Math.max(this.#last, seq);
  }

  /** The first of `count` numbers in a row. They lie in one day, and so in one partition: one atomic insert. */
  reserve(count: number): number {
    let first = Math.max(this.#last + 1, this.#now() * 1000);
    const nextDay = (dayOf(first) + 1) * DAY_MICROSECONDS;
    first = this.#ownBlock(first, count);
    if (first + count > nextDay) first = this.#ownBlock(Math.max(first, nextDay), count);
    this.#last = first + count - 1;
    return first;
  }

  /** The first number from here on behind which so many fit into a block of this process. */
  #ownBlock(seq: number, count: number): number {
    if (this.#share === undefined) return seq;
    if (count > BLOCK_MICROSECONDS) throw new RangeError(`${count} sequence numbers do not fit into a block`);
    let block = Math.floor(seq / BLOCK_MICROSECONDS);
    const fits = seq + count <= (block + 1) * BLOCK_MICROSECONDS;
    if (block % MAX_PROCESSES === this.#share && fits) return seq;
    do block++;
    while (block % MAX_PROCESSES !== this.#share);
    return block * BLOCK_MICROSECONDS;
  }
}

/** SQL for the share that a sequence number belongs to. */
export const SHARE_SQL = `intDiv(seq, ${BLOCK_MICROSECONDS}) % ${MAX_PROCESSES}`;
