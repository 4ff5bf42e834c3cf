import { z } from 'zod';
import { badRequest } from '../../../../pipeline/runtime/errors.ts';
import { parseQuery } from '../../../query/parser.ts';
import { problemOfRegex } from '../../../query/regex.ts';
import { WEBHOOK } from '../notify/webhook.ts';
import { lengthOfTime } from './length-of-time.ts';
import { DIRECTIONS, KINDS, OPERATORS, SEVERITIES, SIGNAL_NAMES } from './rule-words.ts';

const NAME_FORM = 'expected a name of lower-case letters, digits, ".", "_" and "-", 64 at most';
export const RULE_NAME = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, NAME_FORM)
  .meta({ examples: ['gpu-errors'] });
const FIELD = z.string().min(1).max(256);

/** The schema of a query; its error shows where the query does not parse. */
const QUERY = z
  .string()
  .max(4_000)
  .superRefine((text, context) => {
    try {
      parseQuery(text);
    } catch (error) {
      context.addIssue((error as Error).message);
    }
  });

/** An RE2 regular expression whose first group is a label's value. */
const EXTRACTION = z
  .string()
  .max(500)
  .superRefine((source, context) => {
    const problem = problemOfRegex(source) ?? (/\((?!\?)/.test(source) ? undefined : 'expected a group ( )');
    if (problem !== undefined) context.addIssue(problem);
  });

/**
 * An alert rule as YAML and the API write it. `query` selects records; `kind` says what is measured of them over
 * `window`, for each combination of the fields in `by`; the alert fires when `value op threshold` has held for the time
 * `for`.
 *
 * - `count`, `rate` (per second), `share` (of the records of `of`, 0 … 1), `percentile` of `field`, `distinct` values of `field`
 * - `absence`: no record at all in the window, of a group that had some within a day
 * - `new_pattern`: a message with a pattern that was not seen before; the pattern is the label `pattern`
 * - `anomaly`: the records of a window, or a percentile of `field`, against their own history; `threshold` is the
 *   distance in robust standard deviations
 * - `gauge`: a `signal` of the server itself
 */
export const RULE_FIELDS = z.strictObject({
  name: RULE_NAME,
  description: z.string().max(500).optional().describe('For people; sent with each notification'),
  enabled: z.boolean().default(true).describe('False keeps a rule without evaluating it'),
  query: QUERY.default('').describe('Selects the records that are measured'),
  kind: z.enum(KINDS).describe('What is measured of them over `window`'),
  of: QUERY.optional().describe('Of kind `share`: the records of which it is a share'),
  field: FIELD.optional().describe(
    'Of kinds `percentile`, `distinct` and `anomaly`: the field that is measured',
  ),
  percentile: z.number().gt(0).lt(100).default(95).describe('Of kind `percentile`: which one'),
  signal: z.enum(SIGNAL_NAMES).optional().describe('Of kind `gauge`: a number of the server itself'),
  window: lengthOfTime(1, 86_400).default('5m').describe('The range that is measured, up to now'),
  op: z.enum(OPERATORS).default('>').describe('Compares the value with the threshold'),
  threshold: z.number().optional().describe('The alert fires when `value op threshold` holds'),
  min_count: z.int().min(0).default(0).describe('Fewer records in the window raise no alert'),
  direction: z.enum(DIRECTIONS).default('both').describe('Of kind `anomaly`: which deviations count'),
  for: lengthOfTime(0, 86_400).default('0s').describe('How long the condition must hold'),
  by: z.array(FIELD).max(6).default([]).describe('Fields: one alert for each combination of their values'),
  extract: z
    .record(z.string().regex(/^[a-z][a-z0-9_]{0,31}$/), EXTRACTION)
    .default({})
    .describe('Labels from the message: an RE2 expression by name, whose first group is the value'),
  severity: z.enum(SEVERITIES).default('warning').describe('Sent with each notification'),
  cooldown: lengthOfTime(0)
    .default('10m')
    .describe('An alert that fires again within this time is suppressed'),
  webhooks: z.array(WEBHOOK).max(10).default([]).describe('Where notifications are sent'),
});

/** The schema of a rule that checks which fields its kind needs. */
export const RULE = RULE_FIELDS.superRefine((rule, context) => {
  const need = (field: 'field' | 'threshold' | 'signal', kinds: readonly string[]) => {
    if (rule[field] === undefined && kinds.includes(rule.kind)) {
      context.addIssue({
        code: 'custom',
        path: [field],
        message: `expected a value, which a rule of kind ${rule.kind} needs, got none`,
      });
    }
  };
  need('field', ['percentile', 'distinct']);
  need('threshold', ['rate', 'share', 'percentile', 'distinct', 'gauge']);
  need('signal', ['gauge']);
});

export type Rule = z.infer<typeof RULE>;

/** The threshold of a rule, or the default of its kind. */
export function thresholdOf({ kind, threshold }: Rule): number {
  return threshold ?? (kind === 'anomaly' ? 6 : 0);
}

/** @throws LogplaneError `bad_request` with one line for each problem */
export function parseRule(value: unknown): Rule {
  const result = RULE.safeParse(value);
  if (result.success) return result.data;
  throw badRequest(describeIssues(result.error));
}

export function describeIssues(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.') || 'the rule'}: ${message}`).join('\n');
}
