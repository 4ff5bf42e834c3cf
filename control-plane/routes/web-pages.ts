import type { Context } from 'koa';
import type Router from 'koa-router';
import { LogplaneError } from '../../pipeline/errors.ts';
import type { PageFile, PageFiles } from '../http/page-files.ts';

export interface WebPageRoutesOptions {
  readonly pageFiles: PageFiles;
}

/** The pages run their own script and style and talk to this server alone; nothing else that gets into them works. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** Open without a token, because they hold no data: what they show they ask for, as whoever is signed in. */
export function addWebPageRoutes(
  router: Router,
  { pageFiles: { html, assets } }: WebPageRoutesOptions,
): void {
  const page = (context: Context) => {
    if (!html) {
      throw new LogplaneError(
        'not_found',
        'the web pages are not built: expected dist/ui, made by npm run build',
      );
    }
    context.set({
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
      'Cache-Control': 'no-cache',
      'Referrer-Policy': 'no-referrer',
    });
    send(context, html);
  };
  router.get('/ui/assets/:asset', (context) => {
    const name = context.params.asset as string;
    const asset = assets.get(name);
    if (!asset) throw new LogplaneError('not_found', `no such address: ${context.path}`);
    context.set('Cache-Control', 'public, max-age=31536000, immutable');
    send(context, asset);
  });

  router.get('/api/v1/logs', page);
  router.get('/ui/:page', page);
  router.get('/ui/:page/:name', page);
  router.get('/', (context) => context.redirect('/api/v1/logs'));
}

function send(context: Context, { type, body, gzip, etag }: PageFile): void {
  context.set({ 'X-Content-Type-Options': 'nosniff', Vary: 'Accept-Encoding' });
  context.status = 200;
  context.set('ETag', etag);
  context.set('Content-Type', type);
  if (context.fresh) {
    context.status = 304;
  } else if (gzip && context.acceptsEncodings('gzip', 'identity') === 'gzip') {
    context.set('Content-Encoding', 'gzip');
    context.body = gzip;
  } else {
    context.body = body;
  }
  context.set('Content-Type', type);
}
