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
  /** Tells several of a type apart, and replaces a source of the same name of a wider profile. */
  name: name.optional(),
  /** False leaves out a source that a wider profile has. */
  enabled: z.boolean().optional(),
  paths: z.array(path).min(1).max(50).optional(),
  exclude: z.array(path).max(50).optional(),
  /** Name of a parser of this profile or of `parsers.conf`. */
  parser: name.optional(),
  /** Of PM2's lines: its `log_type`. */
  format: z.enum(['plain', 'json']).optional(),
  /** On a network file system: watched by stat. */
  shared: z.boolean().optional(),
  listen: text.regex(/^[0-9a-fA-F.:]+$/, 'an address').optional(),
  port: z.number().int().min(1).max(65_535).optional(),
  /** Of systemd; all where none is named. */
  units: z
    .array(text.regex(/^[\w@:.\\-]+$/, 'a unit such as nginx.service'))
    .max(50)
    .optional(),
});

export const PARSER = z.strictObject({
  name,
  format: z.enum(['regex', 'json', 'logfmt', 'ltsv']),
  regex: z.string().min(1).max(4000).regex(NO_BREAKS, 'one line without control characters').optional(),
  time_key: text.optional(),
  time_format: text.optional(),
});

/** What an operator sets for a machine, a group or the whole fleet. */
export const PROFILE = z.strictObject({
  /** Of a machine: the group whose profile it follows. */
  group: name.optional(),
  template: z.enum(['fluent-bit-worker.conf', 'fluent-bit-worker.yaml']).optional(),
  variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  sources: z.array(SOURCE).max(100).default([]),
  parsers: z.array(PARSER).max(50).default([]),
});

export type Source = z.infer<typeof SOURCE>;
export type Parser = z.infer<typeof PARSER>;
export type Profile = z.infer<typeof PROFILE>;

export const EMPTY_PROFILE: Profile = { variables: {}, sources: [], parsers: [] };

/** Reads what came over the wire; problems name each setting with what it takes. */
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
