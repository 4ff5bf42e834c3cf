import type { Context } from 'koa';
import { badRequest } from '../../pipeline/runtime/errors.ts';

/**
 * `http://host:port` at which a client reached this server. (Koa's `origin` is the header of that name.)
 * @throws LogplaneError `bad_request`
 */
export function ownAddress({ protocol, host }: Pick<Context, 'protocol' | 'host'>): string {
  const address = `${protocol}://${host}`;
  if (!URL.canParse(address) || host === '')
    throw badRequest(`Host: expected the address of this server, got "${host}"`);
  return new URL(address).origin;
}
