import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { LogplaneError } from '../../pipeline/errors.ts';

export interface AuthOptions {
  /** Unset = whoever reaches the server may send. */
  readonly ingestToken: string | undefined;
  /** Unset = whoever reaches the server may read. */
  readonly readToken: string | undefined;
  readonly adminToken: string;
  /** False on one's own machine without a token set: deletes and changes of rules need none there. */
  readonly guardChanges: boolean;
  /** Sites besides the server's own whose pages may send changes. */
  readonly allowedOrigins: readonly string[];
}

/**
 * What a route asks for: `admin` always needs the token, `change` only where changes are guarded. A `configuration` is read
 * by agents, which have the ingest token, and by people, who have the read token; it holds no secrets.
 */
export type Right = 'ingest' | 'read' | 'configuration' | 'change' | 'admin';

export interface Auth {
  /** Lets a request pass that has the right. @throws LogplaneError `unauthorized` */
  require(right: Right): Middleware;
  /** The same for a caller outside HTTP, by the token that it gave. @throws LogplaneError `unauthorized` */
  check(right: Right, token: string | undefined): void;
  /** @throws LogplaneError `forbidden` */
  readonly refuseForeignSites: Middleware;
}

export function createAuth(options: AuthOptions): Auth {
  const tokensFor: Readonly<Record<Right, readonly (string | undefined)[]>> = {
    ingest: [options.ingestToken],
    read: [options.readToken],
    configuration: options.readToken === undefined ? [] : [options.readToken, options.ingestToken],
    change: [options.guardChanges ? options.adminToken : undefined],
    admin: [options.adminToken],
  };
  const check = (right: Right, given: string | undefined) => {
    const accepted = tokensFor[right].filter((token) => token !== undefined);
    if (accepted.length > 0) checkToken(given, right, [...accepted, options.adminToken]);
  };
  return {
    require: (right) => async (context, next) => {
      check(right, context.get('X-Admin-Token') || bearerToken(context.get('Authorization')));
      await next();
    },

    check,

    /** A page of another site can make a browser send requests here; it must not change anything by that. */
    refuseForeignSites: async (context, next) => {
      if (!['GET', 'HEAD', 'OPTIONS'].includes(context.method) && comesFromForeignSite(context, options)) {
        throw new LogplaneError(
          'forbidden',
          `requests from ${context.get('Origin') || 'another site'} may not change anything`,
        );
      }
      await next();
    },
  };
}

function checkToken(given: string | undefined, right: Right, accepted: readonly string[]): void {
  const name = right === 'change' ? 'admin' : right === 'configuration' ? 'read or ingest' : right;
  if (given === undefined) throw new LogplaneError('unauthorized', `missing ${name} token`);
  if (!accepted.some((token) => sameToken(token, given))) {
    throw new LogplaneError('unauthorized', `invalid ${name} token`);
  }
}

/** The token of an `Authorization` header; undefined where it has none. */
export function bearerToken(authorization: string): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1];
}

/** Compares in a time that tells nothing about either token; hashing makes the lengths equal. */
function sameToken(a: string, b: string): boolean {
  const hash = (token: string) => createHash('sha256').update(token).digest();
  return timingSafeEqual(hash(a), hash(b));
}

function comesFromForeignSite(context: Context, { allowedOrigins }: AuthOptions): boolean {
  const origin = context.get('Origin');
  if (origin !== '' && allowedOrigins.includes(origin)) return false;
  const site = context.get('Sec-Fetch-Site');
  if (site === 'cross-site' || site === 'same-site') return true;
  return origin !== '' && !isOwnOrigin(origin, context.host);
}

function isOwnOrigin(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}
