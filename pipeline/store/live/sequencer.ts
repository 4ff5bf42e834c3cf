const DAY_MICROSECONDS = 86_400_000_000;

/** The day of arrival, counted since 1970: the partition of the table in which a place lies. */
export function dayOf(place: number): number {
  return Math.floor(place / DAY_MICROSECONDS);
}

/** Longer than the longest batch: its places follow each other within one block. */
export const BLOCK_MICROSECONDS = 131_072;

/** Server processes that can share one store: each has every eighth block, 125,000 places a second. */
export const MOST_PROCESSES = 8;

/**
 * Gives out places in the order of arrival. A place is the time of arrival in microseconds since 1970,
 * pushed on where that is taken already, so it rises strictly, also over restarts and when the clock steps
 * back, and stays exact in a double until the year 2255. It is a record's id, its page cursor and the point
 * where a live tail goes on.
 */
export class Sequencer {
  #last: number;
  readonly #now: () => number;
  readonly #share: number | undefined;

  /**
   * @param last the highest place that the store holds
   * @param now milliseconds since 1970
   * @param share from 0 to `MOST_PROCESSES` - 1, where several processes share the store: places are then taken from
   *   blocks of time that are this process's alone, so that none is given out twice whether or not they can talk
   */
  constructor(last: number, now: () => number = Date.now, share?: number) {
    this.#last = last;
    this.#now = now;
    this.#share = share;
  }

  /** Every place that is still to come lies behind this one. */
  get last(): number {
    return this.#last;
  }

  /** Gives out no place up to this one any more. */
  advance(place: number): void {
    this.#last = Math.max(this.#last, place);
  }

  /** The first of `count` places in a row. They lie in one day, and so in one partition: one atomic insert. */
  reserve(count: number): number {
    let first = Math.max(this.#last + 1, this.#now() * 1000);
    const nextDay = (dayOf(first) + 1) * DAY_MICROSECONDS;
    first = this.#ownBlock(first, count);
    if (first + count > nextDay) first = this.#ownBlock(Math.max(first, nextDay), count);
    this.#last = first + count - 1;
    return first;
  }

  /** The first place from here on where so many fit into a block of this process. */
  #ownBlock(place: number, count: number): number {
    if (this.#share === undefined) return place;
    if (count > BLOCK_MICROSECONDS) throw new RangeError(`${count} places do not fit into a block`);
    let block = Math.floor(place / BLOCK_MICROSECONDS);
    const fits = place + count <= (block + 1) * BLOCK_MICROSECONDS;
    if (block % MOST_PROCESSES === this.#share && fits) return place;
    do block++;
    while (block % MOST_PROCESSES !== this.#share);
    return block * BLOCK_MICROSECONDS;
  }
}

/** SQL for the share that a place belongs to. */
export const SHARE_SQL = `intDiv(seq, ${BLOCK_MICROSECONDS}) % ${MOST_PROCESSES}`;
