import { z } from 'zod';
import { INTERVAL_FORMS, parseInterval } from '../../../query/interval.ts';

const DAY_SECONDS = 86_400;
/** The longest that is taken where a rule says nothing else. */
export const MAX_SECONDS = 7 * DAY_SECONDS;

/** Seconds of a length of time such as `5m`; `0s` is none. Only for texts that `lengthOfTime` has let pass. */
export function secondsOf(length: string): number {
  return Number(parseInterval(length) ?? 0n) / 1e9;
}

/** A length of time as it was written, within a range of seconds. */
export function lengthOfTime(min: number, max = MAX_SECONDS) {
  return z.string().refine(
    (text) => {
      const known = /^0(?:ms|s|m|h|d)?$/.test(text) || parseInterval(text) !== undefined;
      return known && secondsOf(text) >= min && secondsOf(text) <= max;
    },
    `expected ${INTERVAL_FORMS}, from ${min} s to ${max / DAY_SECONDS} days`,
  );
}
