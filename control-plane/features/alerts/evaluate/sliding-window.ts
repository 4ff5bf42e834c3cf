import { valueOfBin } from './partial-aggregate.ts';

/** Counts by item. */
export type Items = Map<string, number>;

/** Items of one piece of time; further ones are counted as one. */
const MAX_ITEMS = 5_000;
const OTHERS = '…';

/** How many further items all windows of a rule may have; a bound, because senders decide how many values there are. */
export interface ItemBudget {
  left: number;
}

/** The budget of one rule: with values of 200 characters at most some 50 MB. */
export function itemBudget(): ItemBudget {
  return { left: 200_000 };
}

/** Counts of one group by pieces of time, each `step` seconds long. */
export class SlidingWindow {
  readonly #step: number;
  readonly #pieces = new Map<number, Items>();
  readonly #budget: ItemBudget;

  constructor(step: number, budget: ItemBudget) {
    this.#step = step;
    this.#budget = budget;
  }

  get empty(): boolean {
    return this.#pieces.size === 0;
  }

  /** Starts of the pieces, seconds since 1970, in no order. */
  starts(): Iterable<number> {
    return this.#pieces.keys();
  }

  add(at: number, item: string, count: number): void {
    const start = Math.floor(at / this.#step) * this.#step;
    let items = this.#pieces.get(start);
    if (!items) {
      items = new Map();
      this.#pieces.set(start, items);
    }
    const isKept = items.has(item) || (items.size < MAX_ITEMS && this.#budget.left > 0);
    const key = isKept ? item : OTHERS;
    if (!items.has(key)) this.#budget.left--;
    items.set(key, (items.get(key) ?? 0) + count);
  }

  /** The counts of pieces that begin after `after` and not after `upTo`. */
  within(after: number, upTo: number): Items {
    const all: Items = new Map();
    const first = Math.floor(after / this.#step) * this.#step + this.#step;
    for (let start = first; start <= upTo; start += this.#step) {
      const items = this.#pieces.get(start);
      if (items) for (const [item, count] of items) all.set(item, (all.get(item) ?? 0) + count);
    }
    return all;
  }

  dropUpTo(start: number): void {
    for (const [piece, items] of this.#pieces) {
      if (piece > start) continue;
      this.#budget.left += items.size;
      this.#pieces.delete(piece);
    }
  }
}

export function totalOf(items: Items): number {
  let total = 0;
  for (const count of items.values()) total += count;
  return total;
}

/** The percentile of items that are bins; undefined where there are none. */
export function percentileOf(items: Items, percentile: number): number | undefined {
  const values = Array.from(items, ([bin, count]) => ({ value: valueOfBin(bin), count }));
  values.sort((a, b) => a.value - b.value);
  let rest = (totalOf(items) * percentile) / 100;
  for (const { value, count } of values) {
    rest -= count;
    if (rest <= 1e-9) return value;
  }
  return values.at(-1)?.value;
}
