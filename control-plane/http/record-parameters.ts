import { INTERVAL_FORMS, parseInterval } from '../query/interval.ts';
import { type LogFilter, parseFilter } from '../query/log-filter.ts';
import { TIME_FORMS } from '../query/parse-time.ts';
import { describe, ExpectedError, optionalText, type ParameterValues, parameter } from './parameters.ts';

/** Parameters that choose records, the same on every address. */
export const FILTER = {
  q: describe(optionalText, 'A query, as in `level:error AND "out of memory" -service:client`'),
  from: describe(optionalText, `The earliest time: ${TIME_FORMS}`),
  to: describe(optionalText, 'The first time that is too late, in the same forms'),
  service: describe(optionalText, 'One service, or several with commas between them'),
  level: describe(optionalText, 'One level, or several'),
  machine_id: describe(optionalText, 'One machine, or several'),
  job_id: describe(optionalText, 'One job, or several'),
  type: describe(
    optionalText,
    '`all`, `api` (entries of a request log), `errors`, or a value of the field `type`',
  ),
};

/** @param now what relative times count from, milliseconds since 1970 */
export function toFilter(
  { q, from, to, type, service, level, machine_id, job_id }: ParameterValues<typeof FILTER>,
  now = Date.now(),
): LogFilter {
  return parseFilter({ q, from, to, type, equal: { service, level, machine_id, job_id } }, now);
}

/** Nanoseconds; undefined where the length is left to the server. */
export const INTERVAL = describe(
  parameter({ type: 'string', examples: ['auto', '30s', '5m'] }, (given) => {
    if (given === undefined || given === '' || given === 'auto') return undefined;
    const interval = parseInterval(given);
    if (interval === undefined) throw new ExpectedError(INTERVAL_FORMS);
    return interval;
  }),
  `\`auto\` or ${INTERVAL_FORMS}`,
);
