import { parse } from 'yaml';
import { z } from 'zod';
import { FORM_NAMES } from '../../../pipeline/ingest/transforms/redact-text.ts';
import { LEVELS } from '../../../pipeline/record/severity.ts';
import type { Query } from '../../query/ast.ts';
import { parseQuery } from '../../query/parser.ts';
import { problemOfRegex } from '../../query/regex.ts';

/** The content of a RULES_FILE. */
export interface Rules {
  /** False: nothing is redacted. */
  readonly redaction: RedactionRules | false;
  readonly sampling: readonly SamplingRule[];
  readonly metrics: readonly MetricRule[];
  readonly retention: readonly RetentionRule[];
}

export type RedactionRules = z.infer<typeof REDACTION>;
export type SamplingRule = z.infer<typeof SAMPLING>;
export type MetricRule = z.infer<typeof METRIC>;
export type RetentionRule = z.infer<typeof RETENTION>;

/** The text of a RULES_FILE is invalid; the message has one line for each problem. */
export class RulesError extends Error {
  override readonly name = 'RulesError';
}

const TEXT = z.string().min(1);
const FIELD = z.string().regex(/^[\w.@/-]{1,128}$/, 'must be the name of a field');
const ONE_OR_SEVERAL = <Item extends z.ZodType>(item: Item) =>
  z.preprocess((given) => (Array.isArray(given) ? given : [given]), z.array(item).min(1));

const QUERY = z.string().transform((text, context): Query => {
  try {
    return parseQuery(text);
  } catch (error) {
    context.addIssue((error as Error).message.split('\n', 1)[0]!);
    return z.NEVER;
  }
});

const REDACTION = z.strictObject({
  forms: z
    .record(z.string(), z.boolean())
    .superRefine((forms, context) => {
      for (const name of Object.keys(forms).filter((form) => !FORM_NAMES.includes(form)))
        context.addIssue(`must be some of ${FORM_NAMES.join(', ')}, got ${name}`);
    })
    .default({}),
  fields: z.array(FIELD).default([]),
  rules: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9][a-z0-9_]{0,63}$/, 'must be lower-case letters, digits and "_"'),
        pattern: z.string().superRefine((source, context) => {
          const problem = problemOfRegex(source);
          if (problem) context.addIssue(problem);
        }),
        contains: TEXT.optional(),
      }),
    )
    .default([]),
});

const SAMPLING = z.strictObject({
  query: QUERY,
  keep_one_in: z.int('must be a whole number').min(2, 'must be at least 2').max(1_000_000),
  by: FIELD.optional(),
});

const METRIC = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be lower-case letters, digits and "_"'),
    help: TEXT.optional(),
    query: QUERY,
    field: FIELD.optional(),
    // Sorted and unique, as a histogram needs them.
    buckets: z
      .array(z.number())
      .min(1)
      .max(50)
      .transform((bounds) => [...new Set(bounds)].sort((a, b) => a - b))
      .optional(),
    by: z.array(FIELD).max(5, 'must be at most 5 fields').default([]),
    max_series: z.int().min(1).max(10_000).default(100),
  })
  .refine(({ field, buckets }) => field !== undefined || buckets === undefined, {
    message: 'needs the field that its buckets measure',
  });

const RETENTION = z
  .strictObject({
    service: ONE_OR_SEVERAL(
      z.string().regex(/^[\w .:@/+-]{1,128}$/, 'must be the name of a service'),
    ).optional(),
    level: ONE_OR_SEVERAL(z.enum(LEVELS, `must be one of ${LEVELS.join(', ')}`)).optional(),
    days: z
      .number()
      .min(1 / 24, 'must be at least an hour, 1/24')
      .max(36_500),
  })
  .refine(({ service, level }) => service || level, { message: 'needs a service, a level or both' });

const FILE = z.strictObject({
  redaction: z
    .union([z.literal(false), REDACTION], 'must be false or have forms, fields, rules')
    .default(REDACTION.parse({})),
  sampling: z.array(SAMPLING).default([]),
  metrics: z
    .array(METRIC)
    .refine((metrics) => new Set(metrics.map(({ name }) => name)).size === metrics.length, {
      message: 'names must differ',
    })
    .default([]),
  retention: z.array(RETENTION).default([]),
});

export const NO_RULES: Rules = FILE.parse({});

/**
 * Reads the YAML of a RULES_FILE; `docs/rules.md` describes it.
 * @throws RulesError with every problem
 */
export function parseRules(text: string): Rules {
  let document: unknown;
  try {
    document = parse(text) ?? {};
  } catch (error) {
    throw new RulesError(`is not valid YAML: ${(error as Error).message}`);
  }
  const result = FILE.safeParse(document);
  if (result.success) return result.data;
  throw new RulesError(result.error.issues.flatMap((issue) => describe(issue)).join('\n'));
}

/** The problems of an issue; where no variant of a union fits, those of the variant with the deepest problem. */
function describe(issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): string[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union') {
    const deepest = issue.errors
      .flatMap((issues) => [issues])
      .filter((issues) => issues.some(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'))
      .at(-1);
    if (deepest) return deepest.flatMap((inner) => describe(inner, path));
  }
  return [
    `${path.map((part) => (typeof part === 'number' ? part + 1 : String(part))).join(' ')}: ${issue.message}`,
  ];
}
