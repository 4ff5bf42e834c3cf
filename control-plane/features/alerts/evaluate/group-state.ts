/** What is measured of a group at one moment. */
export interface Reading {
  readonly holds: boolean;
  readonly value: number;
  /** The numbers that made it, where there are more. */
  readonly numbers?: Readonly<Record<string, number | string>>;
}

/** `cleared` is the end of a pending alert that never fired. */
export type AlertState = 'pending' | 'firing' | 'resolved' | 'cleared';

/** Times in seconds since 1970. */
export interface Transition extends Omit<Reading, 'holds'> {
  readonly group: string;
  readonly state: AlertState;
  readonly at: number;
  /** Since when the condition has held, or held. */
  readonly since: number;
}

/** Where a group stands: nowhere, pending since a time, or firing. */
export class GroupState {
  readonly group: string;
  #state: 'inactive' | 'pending' | 'firing' = 'inactive';
  #since = 0;
  #reading: Reading = { holds: false, value: 0 };

  constructor(group: string, known?: { readonly state: 'pending' | 'firing'; readonly since: number }) {
    this.group = group;
    if (known) {
      this.#state = known.state;
      this.#since = known.since;
    }
  }

  get active(): boolean {
    return this.#state !== 'inactive';
  }

  /** The value as it is now, for lists. */
  get value(): number {
    return this.#reading.value;
  }

  /** What a reading changes, given that the one before held until now. @param hold seconds of `for` */
  *advance(at: number, reading: Reading, hold: number): Generator<Transition> {
    const due = this.#since + hold;
    if (this.#state === 'pending' && (at > due || (at === due && reading.holds))) {
      // Between two readings nothing changed, so the alert fired when its time was over.
      if (reading.holds) this.#reading = reading;
      yield this.#become('firing', due);
    }
    const before = this.#reading;
    this.#reading = reading;
    if (reading.holds) {
      if (this.#state === 'inactive') {
        this.#since = at;
        yield this.#become(hold > 0 ? 'pending' : 'firing', at);
      }
    } else if (this.#state !== 'inactive') {
      this.#reading = { ...before, value: reading.value };
      const wasFiring = this.#state === 'firing';
      yield this.#become('inactive', at, wasFiring ? 'resolved' : 'cleared');
    }
  }

  #become(state: 'inactive' | 'pending' | 'firing', at: number, reported?: AlertState): Transition {
    this.#state = state;
    const { value, numbers } = this.#reading;
    return {
      group: this.group,
      state: reported ?? (state as AlertState),
      at,
      since: this.#since,
      value,
      ...(numbers && { numbers }),
    };
  }
}
