import type { Context } from 'koa';
import { badRequest } from '../../pipeline/errors.ts';
import { type ReadBodyOptions, readBody } from './read-body.ts';

const MAX_BYTES = 1024 * 1024;

/** A request's body as JSON. @throws LogplaneError `bad_request`, `too_large` */
export function readJson(context: Context, body: ReadBodyOptions): Promise<unknown> {
  const options = { ...body, limit: Math.min(body.limit, MAX_BYTES) };
  return readBody(context.req, options, async ({ content, damage }) => {
    if (damage !== undefined) throw badRequest(damage);
    try {
      return JSON.parse(content.toString()) as unknown;
    } catch (error) {
      throw badRequest(`the body: expected JSON, got none: ${(error as Error).message}`);
    }
  });
}
