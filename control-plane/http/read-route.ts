import type { Middleware } from 'koa';
import type Router from 'koa-router';
import { badRequest, LogplaneError } from '../../pipeline/errors.ts';
import type { Auth } from './auth.ts';
import type { PostedParameters } from './parameters.ts';
import { type ReadBodyOptions, readBody } from './read-body.ts';

export interface ReadRouteOptions {
  readonly auth: Auth;
  readonly body: ReadBodyOptions;
}

const MAX_BODY_BYTES = 1024 * 1024;
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

/**
 * An address that answers questions: by GET, and by POST with the same parameters as a form or a JSON object, for
 * queries that are too long for an address. Either needs the right to read.
 */
export function addReadRoute(
  router: Router,
  path: string,
  { auth, body }: ReadRouteOptions,
  answer: Middleware,
): void {
  router.get(path, auth.require('read'), answer);
  router.post(path, auth.require('read'), readPostedParameters(body), answer);
}

/** Puts the parameters of a body where `readParameters` finds them. */
export function readPostedParameters(body: ReadBodyOptions): Middleware {
  const options = { ...body, limit: Math.min(body.limit, MAX_BODY_BYTES) };
  return async (context, next) => {
    context.state.posted = await readBody(context.req, options, async ({ content, damage }) => {
      if (damage !== undefined) throw badRequest(damage);
      if (content.length === 0) return new Map();
      const type = context.is(FORM, JSON_TYPE);
      if (type === FORM) return readForm(content.toString());
      if (type === JSON_TYPE) return readJson(content.toString());
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

/** Numbers and booleans stand for their text, arrays for their items with commas between, objects for their JSON. */
function readJson(text: string): PostedParameters {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badRequest(`the body is not valid JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('the body: expected a JSON object of parameters');
  }
  const given = Object.entries(value).filter(([, item]) => item !== null);
  return new Map(given.map(([name, item]) => [name, [parameterText(item)]]));
}

function parameterText(value: unknown): string {
  if (Array.isArray(value)) return value.map(parameterText).join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
