import type { Context, Middleware } from 'koa';
import { LogplaneError } from '../../pipeline/runtime/errors.ts';
import type { OwnNames } from './own-names.ts';

export interface ForeignSitesOptions {
  /** Sites besides the server's own whose pages may send changes. */
  readonly allowedOrigins: readonly string[];
  /**
   * False where changes need no token: then only an own name counts as the server's own site, for any other can be made
   * to lead here by whoever owns it.
   */
  readonly trustNames: boolean;
  readonly ownNames: OwnNames;
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
  { allowedOrigins, trustNames, ownNames }: ForeignSitesOptions,
): boolean {
  const origin = context.get('Origin');
  if (origin !== '' && allowedOrigins.includes(origin)) return false;
  const site = context.get('Sec-Fetch-Site');
  if (site === 'cross-site' || site === 'same-site') return true;
  if (origin === '') return false;
  return !isSameOrigin(context, origin) || (!trustNames && !ownNames.has(new URL(origin).host));
}

function isSameOrigin(context: Context, origin: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === context.host;
}
