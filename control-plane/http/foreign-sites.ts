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
  /** PUBLIC_URL */
  readonly publicUrl: string | undefined;
}

/**
 * Rejects changes that a page of another site makes a browser send.
 * @throws LogplaneError `forbidden`
 */
export function refuseForeignSites(options: ForeignSitesOptions): Middleware {
  return async (context, next) => {
    if (isChange(context)) refuseForeignSite(context, options);
    await next();
  };
}

/**
 * A browser sends the session cookie by itself. So a change with it also needs a header that no form and no script of another site can
 * send.
 * @param publicUrl PUBLIC_URL
 * @throws LogplaneError `forbidden`
 */
export function refuseForgery(context: Context, publicUrl: string | undefined): void {
  if (!isChange(context)) return;
  const origin = context.get('Origin');
  if (
    context.get('X-Requested-With') !== 'logplane' ||
    (origin !== '' && !isOwnPage(context, origin, publicUrl))
  ) {
    throw new LogplaneError(
      'forbidden',
      'a change with the session cookie: expected the header "X-Requested-With: logplane" and a page of this server',
    );
  }
}

function isChange(context: Context): boolean {
  return !['GET', 'HEAD', 'OPTIONS'].includes(context.method);
}

function refuseForeignSite(
  context: Context,
  { allowedOrigins, trustNames, ownNames, publicUrl }: ForeignSitesOptions,
): void {
  const origin = context.get('Origin');
  if (origin !== '' && allowedOrigins.includes(origin)) return;
  const site = context.get('Sec-Fetch-Site');
  if (site === 'cross-site' || site === 'same-site') {
    throw new LogplaneError(
      'forbidden',
      `pages of ${origin || 'another site'} may not change anything here; add the site to CORS_ORIGIN to allow it`,
    );
  }
  if (origin === '') return;
  if (!isOwnPage(context, origin, publicUrl)) {
    throw new LogplaneError(
      'forbidden',
      `pages of ${origin} may not change anything here, because this server was asked as "${context.host}". ` +
        'Where a proxy in front changes the name, let it pass on the header Host (nginx: ' +
        '"proxy_set_header Host $http_host;"), or set PUBLIC_URL to the URL that browsers use; where this is ' +
        'another site, add it to CORS_ORIGIN to allow it',
    );
  }
  if (!trustNames && !ownNames.has(new URL(origin).host)) {
    throw new LogplaneError(
      'forbidden',
      `pages of ${origin} may not change anything here: expected localhost or an address, because changes need ` +
        'no token. Set PUBLIC_URL to the URL that browsers use for this server, or set ADMIN_TOKEN',
    );
  }
}

/**
 * `Sec-Fetch-Site` is the browser's own word, which no page can write, and holds whatever a proxy makes of the name. Browsers send it over
 * HTTPS and to the own machine; elsewhere the names are compared.
 */
function isOwnPage(context: Context, origin: string, publicUrl: string | undefined): boolean {
  if (!URL.canParse(origin)) return false;
  if (context.get('Sec-Fetch-Site') === 'same-origin') return true;
  const { host, origin: written } = new URL(origin);
  return host === context.host || (publicUrl !== undefined && written === new URL(publicUrl).origin);
}
