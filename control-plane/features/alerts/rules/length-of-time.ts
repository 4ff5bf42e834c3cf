import { z } from 'zod';
import { INTERVAL_FORMS, parseInterval } from '../../../query/interval.ts';

const DAY_SECONDS = 86_400;
/** The default upper bound. */
export const MAX_SECONDS = 7 * DAY_SECONDS;

/** Seconds of a length of time such as `5m`; 0 for `0s`. Only for texts that `lengthOfTime` has accepted. */
export function secondsOf(length: string): number {
  return Number(parseInterval(length) ?? 0n) / 1e9;
}

/** The zod schema of a length of time within a range of seconds; the text is kept as it was written. */
export function lengthOfTime(min: number, max = MAX_SECONDS) {
  return z.string().refine(
    (text) => {
      const known = /^0(?:ms|s|m|h|d|w)?$/.test(text) || parseInterval(text) !== undefined;
      return known && secondsOf(text) >= min && secondsOf(text) <= max;
    },
    `expected ${INTERVAL_FORMS}, from ${min} s to ${max / DAY_SECONDS} days`,
  );
}
