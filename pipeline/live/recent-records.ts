import type { LiveRecord } from './live-record.ts';

interface Batch {
  /** Place of the batch's last record. */
  readonly last: number;
  readonly records: readonly LiveRecord[];
  readonly characters: number;
}

const MOST_RECORDS = 2_000;
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** What was published last: who begins a moment behind the present gets it from here, without a look into the store. */
export class RecentRecords {
  #from: number;
  #batches: Batch[] = [];
  #records = 0;
  #characters = 0;

  /** @param place where publishing begins */
  constructor(place: number) {
    this.#from = place;
  }

  add(last: number, records: readonly LiveRecord[]): void {
    const characters = records.reduce((sum, live) => sum + charactersOf(live), 0);
    this.#batches.push({ last, records, characters });
    this.#records += records.length;
    this.#characters += characters;
    while (this.#records > MOST_RECORDS || this.#characters > MOST_CHARACTERS) this.#forgetOldest();
  }

  /** Nothing up to this place can be had from here any more. */
  forget(place: number): void {
    this.#from = place;
    this.#batches = [];
    this.#records = 0;
    this.#characters = 0;
  }

  /** Everything that was published behind a place; undefined where some of it is forgotten. */
  after(place: number): LiveRecord[] | undefined {
    if (place < this.#from) return undefined;
    const found: LiveRecord[] = [];
    for (const { last, records } of this.#batches) {
      if (last <= place) continue;
      for (const live of records) if (live.record.seq > place) found.push(live);
    }
    return found;
  }

  #forgetOldest(): void {
    const { last, records, characters } = this.#batches.shift()!;
    this.#from = last;
    this.#records -= records.length;
    this.#characters -= characters;
  }
}

function charactersOf({ record }: LiveRecord): number {
  return record.message.length + record.attributes.length;
}
