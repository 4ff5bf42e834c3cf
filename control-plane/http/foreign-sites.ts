import { isIP } from 'node:net';
import type { Context, Middleware } from 'koa';
import { LogplaneError } from '../../pipeline/errors.ts';

export interface ForeignSitesOptions {
  /** Sites besides the server's own whose pages may send changes. */
  readonly allowedOrigins: readonly string[];
  /**
   * False where changes need no token: then only an address or `localhost` counts as the server's own site, for a name
   * can be made to lead here by whoever owns it.
   */
  readonly trustNames: boolean;
}

/**
 * A page of another site can make a browser send requests here; it must not change anything by that.
 * @throws LogplaneError `forbidden`
 */
export function refuseForeignSites(options: ForeignSitesOptions): Middleware {
  return async (context, next) => {
    if (isChange(context) && comesFromForeignSite(context, options)) {
      throw new LogplaneError(
        'forbidden',
        `requests from ${context.get('Origin') || 'another site'} may not change anything`,
      );
    }
    await next();
  };
}

/**
 * A browser sends the cookie of a session by itself, so a change by it also needs what no form and no foreign script
 * can send.
 * @throws LogplaneError `forbidden`
 */
export function refuseForgery(context: Context): void {
  if (!isChange(context)) return;
  const origin = context.get('Origin');
  if (context.get('X-Requested-With') !== 'logplane' || (origin !== '' && !isSameOrigin(context, origin))) {
    throw new LogplaneError(
      'forbidden',
      'with the cookie of a session: expected the header X-Requested-With: logplane and a page of this server',
    );
  }
}

function isChange(context: Context): boolean {
  return !['GET', 'HEAD', 'OPTIONS'].includes(context.method);
}

function comesFromForeignSite(
  context: Context,
  { allowedOrigins, trustNames }: ForeignSitesOptions,
): boolean {
  const origin = context.get('Origin');
  if (origin !== '' && allowedOrigins.includes(origin)) return false;
  const site = context.get('Sec-Fetch-Site');
  if (site === 'cross-site' || site === 'same-site') return true;
  if (origin === '') return false;
  return !isSameOrigin(context, origin) || (!trustNames && !isFixedHost(new URL(origin).hostname));
}

function isSameOrigin(context: Context, origin: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === context.host;
}

function isFixedHost(name: string): boolean {
  return name === 'localhost' || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}
