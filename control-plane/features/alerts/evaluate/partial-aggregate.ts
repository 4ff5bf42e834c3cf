/** The count of a rule's records with one group, one item and one second; window aggregates are sums of these. */
export interface PartialAggregate {
  /** JSON array of the values of the rule's `by`, in its order. */
  readonly group: string;
  /** Seconds since 1970. */
  readonly at: number;
  /** What is counted separately within the group: a value, the bin of a number, `1` for the part of a share; else empty. */
  readonly item: string;
  readonly count: number;
}

/** A bin is two per cent wide, so that percentiles are exact to one per cent with a bounded number of bins. */
const LOG_BIN = Math.log(1.02);
const NO_LOG = '-';

/** The middle of a bin. */
export function valueOfBin(bin: string): number {
  return bin === NO_LOG ? 0 : Math.exp((Number(bin) + 0.5) * LOG_BIN);
}

/** SQL of the bin of a text; NULL where it is no number. The engine evaluates every branch, also for zero and infinity. */
export function binSql(text: string): string {
  const value = `toFloat64OrNull(${text})`;
  return `multiIf(NOT (${value} >= 0) OR NOT isFinite(${value}), NULL, ${value} < 1e-9, '${NO_LOG}', toString(accurateCastOrNull(floor(log(${value}) / log(1.02)), 'Int64')))`;
}
