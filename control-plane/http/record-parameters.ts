import { isTimezone } from '../../pipeline/record/timezone.ts';
import { INTERVAL_FORMS, parseInterval } from '../query/interval.ts';
import { type LogFilter, parseFilter } from '../query/log-filter.ts';
import { TIME_FORMS } from '../query/parse-time.ts';
import { describe, ExpectedError, optionalText, type ParameterValues, parameter } from './parameters.ts';

export const TIMEZONE = describe(
  parameter({ type: 'string', examples: ['Europe/Berlin'] }, (given, defaults) => {
    if (given === undefined || given === '') return defaults?.timezone ?? 'UTC';
    if (!isTimezone(given))
      throw new ExpectedError('the IANA name of a time zone, such as Europe/Berlin or UTC');
    return given;
  }),
  'The time zone in which times without one are read, and days and weeks begin: by default `DEFAULT_TIMEZONE`',
);

/** Parameters that select records, the same on every endpoint. */
export const FILTER = {
  q: describe(optionalText, 'A query of the query language', 'level:error "out of memory" -service:client'),
  from: describe(optionalText, `The start of the range, inclusive: ${TIME_FORMS}`, 'now-15m'),
  to: describe(optionalText, 'The end of the range, exclusive, in the same forms', 'now'),
  service: describe(optionalText, 'One service, or several separated by commas', 'vllm,qdrant'),
  level: describe(optionalText, 'One level, or several separated by commas', 'error,fatal'),
  machine_id: describe(optionalText, 'One machine, or several separated by commas', 'gpu-07'),
  job_id: describe(optionalText, 'One job, or several separated by commas', '48211'),
  tz: TIMEZONE,
  type: describe(
    optionalText,
    '`all`, `api` (entries of a request log), `errors`, or a value of the field `type`',
    'errors',
  ),
};

/** @param now what relative times count from, milliseconds since 1970 */
export function toFilter(
  { q, from, to, tz, type, service, level, machine_id, job_id }: ParameterValues<typeof FILTER>,
  now = Date.now(),
): LogFilter {
  return parseFilter(
    { q, from, to, type, equal: { service, level, machine_id, job_id } },
    { now, timezone: tz },
  );
}

/** Nanoseconds; undefined where the server chooses the length. */
export const INTERVAL = describe(
  parameter({ type: 'string', examples: ['5m'] }, (given) => {
    if (given === undefined || given === '' || given === 'auto') return undefined;
    const interval = parseInterval(given);
    if (interval === undefined) throw new ExpectedError(INTERVAL_FORMS);
    return interval;
  }),
  `The length of a bucket: \`auto\` or ${INTERVAL_FORMS}`,
);
