import type { Context } from 'koa';
import { ExpectedError, optionalText, readParameters } from '../http/parameters.ts';
import { INTERVAL_FORMS, parseInterval } from '../logs/interval.ts';
import { type LogFilter, parseFilter } from '../logs/log-filter.ts';

/** Parameters that choose records, the same on every address. */
export const FILTER = {
  q: optionalText,
  from: optionalText,
  to: optionalText,
  service: optionalText,
  level: optionalText,
  machine_id: optionalText,
  job_id: optionalText,
  type: optionalText,
};

/** @param now what relative times count from, milliseconds since 1970 */
export function readFilter(context: Context, now = Date.now()): LogFilter {
  const { q, from, to, type, ...equal } = readParameters(context, FILTER);
  return parseFilter({ q, from, to, type, equal }, now);
}

/** Nanoseconds; undefined where the length is left to the server. */
export function readInterval(given: string | undefined): bigint | undefined {
  if (given === undefined || given === '' || given === 'auto') return undefined;
  const interval = parseInterval(given);
  if (interval === undefined) throw new ExpectedError(INTERVAL_FORMS);
  return interval;
}
