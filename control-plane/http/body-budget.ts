import { unavailable } from '../../pipeline/runtime/errors.ts';

/** Bytes of request bodies that may be in memory at once. A body that does not fit is rejected before it is read. */
export class BodyBudget {
  readonly #size: number;
  #free: number;

  constructor(bytes: number) {
    this.#size = bytes;
    this.#free = bytes;
  }

  /** @throws LogplaneError `unavailable` */
  reserve(bytes: number): Reservation {
    const reservation = new Reservation((delta) => this.#take(delta));
    reservation.grow(bytes);
    return reservation;
  }

  /** Bytes that are reserved now. */
  get held(): number {
    return this.#size - this.#free;
  }

  #take(bytes: number): void {
    if (bytes > this.#free)
      throw unavailable('the memory for request bodies is full; send the request again');
    this.#free -= bytes;
  }
}

export class Reservation {
  #held = 0;
  readonly #take: (bytes: number) => void;

  constructor(take: (bytes: number) => void) {
    this.#take = take;
  }

  /** Holds this many bytes more. @throws LogplaneError `unavailable` */
  grow(bytes: number): void {
    this.#take(bytes);
    this.#held += bytes;
  }

  /** Returns so many of the bytes. */
  shrink(bytes: number): void {
    const given = Math.min(bytes, this.#held);
    this.#take(-given);
    this.#held -= given;
  }

  release(): void {
    this.#take(-this.#held);
    this.#held = 0;
  }
}
