/** The usual value for a moment, from one part of the past. */
export interface Baseline {
  readonly season: 'week' | 'day' | 'recent';
  readonly expected: number;
  /** Robust standard deviation, at least that of chance alone. */
  readonly spread: number;
  readonly samples: number;
  /** Distance of the value from the expected one, in spreads. */
  readonly score: number;
}

export interface AnomalyOptions {
  /** Length of a slot in seconds. */
  readonly slotSeconds: number;
  /** The value of a slot without records: 0 for counts, undefined where it is unknown. */
  readonly missing: 0 | undefined;
  /** True for counts, whose standard deviation by chance alone is the root of the expected value. */
  readonly counts: boolean;
}

/** Values of past slots by slot number (time divided by the slot's length). */
export interface SlotHistory {
  readonly first: number;
  get(slot: number): number | undefined;
}

const DAY = 86_400;
const WEEK = 7 * DAY;
/** The neighbours of another day's slot count too, because nothing happens exactly to the minute. */
const NEIGHBOURS = [-1, 0, 1];
const MAX_WEEKS = 4;
const MAX_DAYS = 14;
const RECENT_SECONDS = 4 * 3_600;
const MIN_SAMPLES = { week: 6, day: 9, recent: 12 };
/** Smallest spread as a part of the expected value; smaller deviations are of no interest. */
const RELATIVE_SPREAD = 0.1;
/** Makes the median of absolute deviations comparable to a standard deviation. */
const MAD_TO_SIGMA = 1.4826;

/**
 * Compares a value with the same time of earlier weeks, of earlier days and with the hours before, as far as there are
 * enough slots of each, by median and median absolute deviation. Returns the comparison with the lowest score, because a value that
 * is usual on Mondays, every night or since this morning is no anomaly. undefined where no history is long enough.
 */
export function judgeAnomaly(
  history: SlotHistory,
  slot: number,
  value: number,
  options: AnomalyOptions,
): Baseline | undefined {
  const { slotSeconds } = options;
  const recent = Math.round(RECENT_SECONDS / slotSeconds);
  const seasons = [
    { season: 'week', slots: seasonal(slot, Math.round(WEEK / slotSeconds), MAX_WEEKS) },
    { season: 'day', slots: seasonal(slot, Math.round(DAY / slotSeconds), MAX_DAYS) },
    { season: 'recent', slots: Array.from({ length: recent }, (_, index) => slot - 1 - index) },
  ] as const;
  let least: Baseline | undefined;
  for (const { season, slots } of seasons) {
    const samples = slots
      .filter((past) => past >= history.first && past < slot)
      .map((past) => history.get(past) ?? options.missing)
      .filter((sample) => sample !== undefined);
    if (samples.length < Math.min(MIN_SAMPLES[season], slots.length)) continue;
    const baseline = { season, ...compareWith(samples, value, options.counts) };
    if (!least || Math.abs(baseline.score) < Math.abs(least.score)) least = baseline;
  }
  return least;
}

function seasonal(slot: number, period: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => slot - (index + 1) * period).flatMap((past) =>
    NEIGHBOURS.map((offset) => past + offset),
  );
}

function compareWith(samples: readonly number[], value: number, counts: boolean): Omit<Baseline, 'season'> {
  const expected = median(samples);
  const deviation = median(samples.map((sample) => Math.abs(sample - expected))) * MAD_TO_SIGMA;
  const chance = counts ? Math.sqrt(Math.max(expected, 1)) : 0;
  const spread = Math.max(deviation, chance, RELATIVE_SPREAD * expected, Number.MIN_VALUE);
  return { expected, spread, samples: samples.length, score: (value - expected) / spread };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
