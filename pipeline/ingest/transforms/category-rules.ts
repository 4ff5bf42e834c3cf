import { RE2JS } from 're2js';
import { parse } from 'yaml';
import { z } from 'zod';
import type { CategoryRule } from '../../record/category.ts';

/** What a CATEGORIES_FILE adds: services to list, also those that no rule names, and rules ahead of the built-in ones. */
export interface CategoryFile {
  readonly services: readonly string[];
  readonly rules: readonly CategoryRule[];
}

/** The text of a CATEGORIES_FILE is invalid; the message names each rule and field. */
export class CategoryRulesError extends Error {
  override readonly name = 'CategoryRulesError';
}

const NAME = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be a name of lower-case letters, digits, ".", "_" and "-"');

/**
 * A pattern in RE2's syntax, without JavaScript's lookarounds and backreferences. Every line is matched with these patterns, and a
 * JavaScript pattern that backtracks without end (`(a+)+$`) would hold up all ingest over a line of 40 letters.
 */
const PATTERN = z.string().transform((source, context) => {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: `is no regular expression: ${(error as Error).message} (RE2 syntax, without lookarounds)`,
    });
    return z.NEVER;
  }
});

const RULE = z
  .strictObject({
    service: NAME,
    words: z
      .array(z.string().regex(/^[A-Za-z0-9]+$/, 'must be one word of letters and digits'))
      .min(1)
      .optional(),
    path: PATTERN.optional(),
    container: PATTERN.optional(),
    program: PATTERN.optional(),
  })
  .refine((rule) => rule.words || rule.path || rule.container || rule.program, {
    message: 'needs at least one of words, path, container, program',
  });

const FILE = z.strictObject({ services: z.array(NAME).default([]), rules: z.array(RULE).default([]) });

function describe(issue: z.core.$ZodIssue, document: unknown): string {
  const [section, index, ...field] = issue.path;
  if (section === undefined) return issue.message;
  if (index === undefined) return `${String(section)}: ${issue.message}`;
  const entry = (document as Record<PropertyKey, unknown[]>)[section]?.[Number(index)];
  const service = (entry as { service?: unknown } | null | undefined)?.service;
  const name = typeof service === 'string' ? ` (${service})` : '';
  const where = `${section === 'rules' ? 'rule' : String(section)} ${Number(index) + 1}${name}`;
  return field.length > 0 ? `${where}, ${field.join('.')}: ${issue.message}` : `${where}: ${issue.message}`;
}

/**
 * Reads the YAML of a CATEGORIES_FILE:
 *
 *     services: [training]              # listed even before a record of theirs arrives
 *     rules:                            # tried in this order, ahead of the built-in ones
 *       - service: training
 *         words: [trainer, finetune]    # whole words of the file's name, its two folders or the container's name
 *         path: '/jobs/train-[^/]*$'    # regular expressions: on the whole path,
 *         container: '^ray-'            # on the container's name,
 *         program: '^\[trainer\] '      # on the head of the line
 *
 * One kind of evidence is enough for a rule.
 * @throws CategoryRulesError with every problem, one per line
 */
export function parseCategoryRules(text: string): CategoryFile {
  let document: unknown;
  try {
    document = parse(text) ?? {};
  } catch (error) {
    throw new CategoryRulesError(`is not valid YAML: ${(error as Error).message}`);
  }
  const result = FILE.safeParse(document);
  if (!result.success) {
    throw new CategoryRulesError(result.error.issues.map((issue) => describe(issue, document)).join('\n'));
  }
  const rules = result.data.rules.map(
    ({ service, words, path, container, program }): CategoryRule => ({
      service,
      ...(words && { words: words.map((word) => word.toLowerCase()) }),
      ...(path && { path }),
      ...(container && { container }),
      ...(program && { program }),
    }),
  );
  return { services: [...new Set([...result.data.services, ...rules.map((rule) => rule.service)])], rules };
}
