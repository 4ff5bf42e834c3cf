/** The measurement of a group at one moment. */
export interface Reading {
  readonly holds: boolean;
  readonly value: number;
  /** The numbers that the value was computed from, where there are several. */
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

/** The state of a group: inactive, pending since a time, or firing. */
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

  /** The current value, for lists. */
  get value(): number {
    return this.#reading.value;
  }

  /** Yields the transitions that a reading causes; the reading before is valid until `at`. @param hold seconds of `for` */
  *advance(at: number, reading: Reading, hold: number): Generator<Transition> {
    const due = this.#since + hold;
    if (this.#state === 'pending' && (at > due || (at === due && reading.holds))) {
      // Nothing changed between two readings, so the alert fired when its `for` was over.
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
