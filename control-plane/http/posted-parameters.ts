import type { Middleware } from 'koa';
import { badRequest, LogplaneError } from '../../pipeline/runtime/errors.ts';
import { parseJsonObject, smallBody } from './json-body.ts';
import type { PostedParameters } from './parameters.ts';
import { type ReadBodyOptions, readBody } from './read-body.ts';

export const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

/** Puts the parameters of a body, a form or a JSON object, where `readParameters` finds them. */
export function readPostedParameters(options: ReadBodyOptions): Middleware {
  return async (context, next) => {
    context.state.posted = await readBody(context.req, smallBody(options), async ({ content, damage }) => {
      if (damage !== undefined) throw badRequest(damage);
      if (content.length === 0) return new Map();
      const type = context.is(FORM, JSON_TYPE);
      if (type === FORM) return readForm(content.toString());
      if (type === JSON_TYPE) return readJson(content);
      throw new LogplaneError(
        'unsupported_encoding',
        `Content-Type: expected ${FORM} or ${JSON_TYPE}, got "${context.get('Content-Type')}"`,
      );
    });
    await next();
  };
}

function readForm(text: string): PostedParameters {
  const form = new URLSearchParams(text);
  return new Map([...form.keys()].map((name) => [name, form.getAll(name)]));
}

/** Numbers and booleans become their text, arrays their items separated by commas, objects their JSON. */
function readJson(content: Buffer): PostedParameters {
  const given = Object.entries(parseJsonObject(content)).filter(([, item]) => item !== null);
  return new Map(given.map(([name, item]) => [name, [parameterText(item)]]));
}

function parameterText(value: unknown): string {
  if (Array.isArray(value)) return value.map(parameterText).join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
