import { overloaded } from '../../pipeline/runtime/errors.ts';

/** Bytes of request bodies that may stand in memory at once; what does not fit is refused before it is read. */
export class BodyBudget {
  readonly #size: number;
  #free: number;

  constructor(bytes: number) {
    this.#size = bytes;
    this.#free = bytes;
  }

  /** @throws LogplaneError `overloaded` */
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
    if (bytes > this.#free) throw overloaded('the server is taking in as much as it can hold; send it again');
    this.#free -= bytes;
  }
}

export class Reservation {
  #held = 0;
  readonly #take: (bytes: number) => void;

  constructor(take: (bytes: number) => void) {
    this.#take = take;
  }

  /** Holds this many bytes more. @throws LogplaneError `overloaded` */
  grow(bytes: number): void {
    this.#take(bytes);
    this.#held += bytes;
  }

  /** Gives so many of the bytes back. */
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
