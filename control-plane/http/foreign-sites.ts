import type { Context, Middleware } from 'koa';
import { LogplaneError } from '../../pipeline/runtime/errors.ts';
import type { OwnNames } from './own-names.ts';

export interface ForeignSitesOptions {
  /** Sites besides the server's own whose pages may send changes. */
  readonly allowedOrigins: readonly string[];
  /**
   * False where changes need no token. Then only an own name counts as the server's own site, because the owner of any other name can
   * point it here.
   */
  readonly trustNames: boolean;
  readonly ownNames: OwnNames;
}

/**
 * Rejects changes that a page of another site makes a browser send.
 * @throws LogplaneError `forbidden`
 */
export function refuseForeignSites(options: ForeignSitesOptions): Middleware {
  return async (context, next) => {
    if (isChange(context) && comesFromForeignSite(context, options)) {
      throw new LogplaneError(
        'forbidden',
        `pages of ${context.get('Origin') || 'another site'} may not change anything here; add the site to CORS_ORIGIN to allow it`,
      );
    }
    await next();
  };
}

/**
 * A browser sends the session cookie by itself. So a change with it also needs a header that no form and no script of another site can
 * send.
 * @throws LogplaneError `forbidden`
 */
export function refuseForgery(context: Context): void {
  if (!isChange(context)) return;
  const origin = context.get('Origin');
  if (context.get('X-Requested-With') !== 'logplane' || (origin !== '' && !isSameOrigin(context, origin))) {
    throw new LogplaneError(
      'forbidden',
      'a change with the session cookie: expected the header "X-Requested-With: logplane" and a page of this server',
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
