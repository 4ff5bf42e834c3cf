import { z } from 'zod';
import type { Problem } from './problem.ts';
import { SOURCE_TYPES, type Value, withOwnNames } from './variables.ts';

const NO_BREAKS = /^[^\p{Cc}\u2028\u2029]*$/u;
const text = z
  .string()
  .min(1)
  .max(1000)
  .regex(NO_BREAKS, 'one line without control characters')
  .refine((value) => !value.includes('${'), 'text without ${');
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'a name of small letters, digits and hyphens');
const path = text.regex(/^\/[^,"]+$/, 'an absolute path or glob');

export const SOURCE = z.strictObject({
  type: z.enum(SOURCE_TYPES),
  name: name
    .optional()
    .describe(
      'Distinguishes several sources of a type; replaces a source of the same name of a wider profile',
    ),
  enabled: z.boolean().optional().describe('False removes a source of a wider profile'),
  paths: z.array(path).min(1).max(50).optional().describe('Absolute paths or globs'),
  exclude: z.array(path).max(50).optional().describe('Absolute paths or globs that are not read'),
  parser: name.optional().describe('A parser of this profile or of `parsers.conf`'),
  format: z.enum(['plain', 'json']).optional().describe("Of PM2's lines: its `log_type`"),
  shared: z
    .boolean()
    .optional()
    .describe('True for files on a network file system, which are watched by stat'),
  listen: text
    .regex(/^[0-9a-fA-F.:]+$/, 'an address')
    .optional()
    .describe('The address of a listener'),
  port: z.number().int().min(1).max(65_535).optional().describe('The port of a listener'),
  units: z
    .array(text.regex(/^[\w@:.\\-]+$/, 'a unit such as nginx.service'))
    .max(50)
    .optional()
    .describe('Units of systemd; all by default'),
});

export const PARSER = z.strictObject({
  name,
  format: z.enum(['regex', 'json', 'logfmt', 'ltsv']),
  regex: z
    .string()
    .min(1)
    .max(4000)
    .regex(NO_BREAKS, 'one line without control characters')
    .optional()
    .describe('Of format `regex`'),
  time_key: text.optional().describe('The field that holds the time'),
  time_format: text.optional().describe('The form of the time, for strptime'),
});

/** An operator's settings for a machine, a group or the whole fleet. */
export const PROFILE = z.strictObject({
  group: name.optional().describe('Of a machine: the group whose profile applies to it'),
  template: z
    .enum(['fluent-bit-worker.conf', 'fluent-bit-worker.yaml'])
    .optional()
    .describe('The template that its configuration is rendered from'),
  variables: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('Variables of the template by name, as `/api/v1/templates` lists them'),
  sources: z.array(SOURCE).max(100).default([]).describe('What is collected'),
  parsers: z.array(PARSER).max(50).default([]).describe('Parsers that sources name'),
});

export type Source = z.infer<typeof SOURCE>;
export type Parser = z.infer<typeof PARSER>;
export type Profile = z.infer<typeof PROFILE>;

export const EMPTY_PROFILE: Profile = { variables: {}, sources: [], parsers: [] };

/** Parses a profile of a request; problems name each wrong setting and what it expects. */
export function readProfile(given: unknown): { profile: Profile; problems: Problem[] } {
  const result = PROFILE.safeParse(given);
  if (result.success) return { profile: result.data, problems: [] };
  const problems = result.error.issues.map((issue): Problem => {
    const field = issue.path.join('.');
    return { check: 'profile', field, message: `${field || 'profile'}: ${issue.message}` };
  });
  return { profile: EMPTY_PROFILE, problems };
}

/** The name under which a source is merged and its positions are kept. */
export function nameOf(source: Source): string {
  return source.name ?? (source.type === 'files' ? 'machine' : source.type);
}

/** Later profiles are more specific: their variables, and their sources and parsers of the same name, win. */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  const sources = new Map<string, Source>();
  const parsers = new Map<string, Parser>();
  const variables: Record<string, Value> = {};
  let merged: Partial<Profile> = {};
  for (const profile of profiles) {
    Object.assign(variables, withOwnNames(profile.variables));
    for (const source of profile.sources) sources.set(nameOf(source), source);
    for (const parser of profile.parsers) parsers.set(parser.name, parser);
    const { group, template } = profile;
    merged = {
      ...merged,
      ...(group !== undefined && { group }),
      ...(template !== undefined && { template }),
    };
  }
  return { ...merged, variables, sources: [...sources.values()], parsers: [...parsers.values()] };
}
