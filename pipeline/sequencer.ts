const DAY_MICROSECONDS = 86_400_000_000;

/**
 * Gives out places in the order of arrival. A place is the time of arrival in microseconds since 1970,
 * pushed on where that is taken already, so it rises strictly, also over restarts and when the clock steps
 * back, and stays exact in a double until the year 2255. It is a record's id, its page cursor and the point
 * where a live tail goes on.
 */
export class Sequencer {
  #last: number;
  readonly #now: () => number;

  /**
   * @param last the highest place that the store holds
   * @param now milliseconds since 1970
   */
  constructor(last: number, now: () => number = Date.now) {
    this.#last = last;
    this.#now = now;
  }

  /** The first of `count` places in a row. They lie in one day, and so in one partition: one atomic insert. */
  reserve(count: number): number {
    let first = Math.max(this.#last + 1, this.#now() * 1000);
    const nextDay = (Math.floor(first / DAY_MICROSECONDS) + 1) * DAY_MICROSECONDS;
    if (first + count > nextDay) first = nextDay;
    this.#last = first + count - 1;
    return first;
  }
}
