import type { IncomingMessage } from 'node:http';
import { badRequest } from '../../pipeline/errors.ts';
import { type ReadBodyOptions, readBody } from './read-body.ts';

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * The JSON value that a request brings; an empty body is an empty object.
 * @throws LogplaneError `bad_request` where it is no JSON
 */
export function readJsonBody(request: IncomingMessage, options: ReadBodyOptions): Promise<unknown> {
  const limit = Math.min(options.limit, MAX_BODY_BYTES);
  return readBody(request, { ...options, limit }, async ({ content, damage }) => {
    if (damage !== undefined) throw badRequest(damage);
    if (content.length === 0) return {};
    try {
      return JSON.parse(content.toString()) as unknown;
    } catch (error) {
      throw badRequest(`the body is not valid JSON: ${(error as Error).message}`);
    }
  });
}
