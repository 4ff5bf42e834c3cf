import { Observable } from './observable.ts';

/** How many records the newest answer of records lacks, because the server cannot store them now. */
class PendingRecords extends Observable {
  #count = 0;

  /** What to say of it; undefined where nothing is missing. */
  get text(): string | undefined {
    return this.#count === 0
      ? undefined
      : `${this.#count} acknowledged records cannot be stored now and are not shown; see /readyz for the reason.`;
  }

  seen(headers: Headers): void {
    const count = Number(headers.get('X-Pending-Records') ?? 0);
    if (count === this.#count) return;
    this.#count = count;
    this.changed();
  }
}

export const pendingRecords = new PendingRecords();
