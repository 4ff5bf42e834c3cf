import type { Context } from 'koa';
import type { z } from 'zod';
import { exceededLimit } from '../../pipeline/ingest/sources/record-limits.ts';
import { badRequest } from '../../pipeline/runtime/errors.ts';
import { type ReadBodyOptions, readBody } from './read-body.ts';

const MAX_BYTES = 1024 * 1024;
/** JSON can be read at any depth; what walks a value (`JSON.stringify`, a schema) runs out of stack at some thousand levels. */
const MAX_DEPTH = 100;

/** The limit of bodies that hold no logs. */
export function smallBody(options: ReadBodyOptions): ReadBodyOptions {
  return { ...options, limit: Math.min(options.limit, MAX_BYTES) };
}

/**
 * Reads a JSON body, whatever its `Content-Type`; an empty one counts as `{}`.
 * @throws LogplaneError `bad_request` with each invalid field, what was expected and what came
 */
export async function readJsonBody<Schema extends z.ZodType>(
  context: Context,
  schema: Schema,
  options: ReadBodyOptions,
): Promise<z.output<Schema>> {
  return readBody(context.req, smallBody(options), async ({ content, damage }) => {
    if (damage !== undefined) throw badRequest(damage);
    const value = content.length === 0 ? {} : parseJson(content);
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const problems = result.error.issues.map(({ path, message }) => `${pathText(path)}: ${message}`);
    throw badRequest(problems.join('; '));
  });
}

/** @throws LogplaneError `bad_request` */
export function parseJsonObject(content: Buffer): object {
  const value = parseJson(content);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  const got = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  throw badRequest(`the body: expected a JSON object of parameters, got ${got}`);
}

function parseJson(content: Buffer): unknown {
  const text = content.toString();
  if (exceededLimit(text, MAX_DEPTH, Number.POSITIVE_INFINITY) !== undefined)
    throw badRequest(`the body: expected JSON of at most ${MAX_DEPTH} nested levels, got more`);
  try {
    return JSON.parse(text);
  } catch (error) {
    // Without the piece of the body at the end of the message: it may be a secret, and errors are logged.
    const reason = (error as Error).message.replace(/, (?:\.\.\.)?".*$/s, '');
    throw badRequest(`the body is not valid JSON: ${reason}`);
  }
}

function pathText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the body' : path.map(String).join('.');
}
