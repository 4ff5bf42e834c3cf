import type { OpenFile } from './input-lag.ts';

interface Sample {
  readonly at: number;
  /** Since Fluent Bit started or was reloaded. */
  readonly records: number;
  readonly bytes: number;
}

const WINDOW_MILLISECONDS = 60_000;
/** Fewer records are not enough for a judgement. */
const MIN_RECORDS = 20;
/** Share of the expected records below which the line rate has collapsed. */
const COLLAPSE = 0.1;

/** How many records come in, from counts that begin at zero with each reload. */
export class LineRate {
  #samples: Sample[] = [];

  add({ records, bytes }: { records: number; bytes: number }, now: number): void {
    const last = this.#samples.at(-1);
    if (last && records < last.records) this.#samples = [];
    this.#samples.push({ at: now, records, bytes });
    while (this.#samples.length > 2 && this.#samples[1]!.at < now - WINDOW_MILLISECONDS)
      this.#samples.shift();
  }

  /** Records per second over the last minute; undefined as long as there are not two samples. */
  get perSecond(): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (!first || !last || last.at <= first.at) return undefined;
    return ((last.records - first.records) * 1000) / (last.at - first.at);
  }

  get bytesPerRecord(): number | undefined {
    const last = this.#samples.at(-1);
    return last && last.records > 0 ? last.bytes / last.records : undefined;
  }

  reset(): void {
    this.#samples = [];
  }
}

/** The values that a new configuration is compared with. */
export interface RateWatch {
  readonly since: number;
  readonly perSecond: number;
  readonly bytesPerRecord: number;
  /** Sizes of the files that the configuration before read, by path; undefined where they cannot be seen. */
  readonly sizes: ReadonlyMap<string, number> | undefined;
}

export function startWatch(
  rate: LineRate,
  files: readonly OpenFile[] | undefined,
  now: number,
): RateWatch | undefined {
  const { perSecond, bytesPerRecord } = rate;
  if (perSecond === undefined || bytesPerRecord === undefined) return undefined;
  const sizes = files?.length ? new Map(files.map(({ path, size }) => [path, size])) : undefined;
  return { since: now, perSecond, bytesPerRecord, sizes };
}

/**
 * Why a new configuration has to be taken back: it collects hardly any of the records that the one before would have collected. The best
 * measure is how much the files have grown, because programs may fall silent; without files it is the rate before.
 * @param sizeOf size of a file now; 0 where it is gone
 */
export function describeCollapse(
  { since, perSecond, bytesPerRecord, sizes }: RateWatch,
  records: number,
  sizeOf: (path: string) => number,
  now: number,
): string | undefined {
  const grown = [...(sizes ?? [])].reduce((sum, [path, size]) => sum + Math.max(0, sizeOf(path) - size), 0);
  const expected = sizes ? grown / bytesPerRecord : (perSecond * (now - since)) / 1000;
  if (expected < MIN_RECORDS || records >= expected * COLLAPSE) return undefined;
  return `it took in ${records} records where the one before would have taken about ${Math.round(expected)}`;
}
