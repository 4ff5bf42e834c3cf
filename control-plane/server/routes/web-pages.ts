import type { Context } from 'koa';
import { z } from 'zod';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { RouteFamily } from '../../http/api.ts';
import type { PageFile, PageFiles } from '../../http/page-files.ts';

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

const HTML = { 'text/html': z.string() };
const ASSETS = { 'text/javascript': z.string(), 'text/css': z.string(), 'image/svg+xml': z.string() };

/** Open without a token, because they hold no data: what they show they ask for, as whoever is signed in. */
export function addWebPageRoutes(
  api: RouteFamily,
  { pageFiles: { html, assets } }: WebPageRoutesOptions,
): void {
  // Before the pages, whose addresses would take it.
  api.get(
    '/ui/assets/:asset',
    { summary: 'Script, style or icon of the web pages', gives: ASSETS, errors: ['not_found'] },
    (context) => {
      const asset = assets.get(context.params.asset as string);
      if (!asset) throw new LogplaneError('not_found', `no such address: ${context.path}`);
      context.set('Cache-Control', 'public, max-age=31536000, immutable');
      send(context, asset);
    },
  );

  const page = (context: Context) => {
    if (!html) {
      throw new LogplaneError(
        'not_found',
        'the web pages are not built: expected dist/ui, made by npm run build',
      );
    }
    context.set({ 'Content-Security-Policy': CONTENT_SECURITY_POLICY, 'Cache-Control': 'no-cache' });
    send(context, html);
  };
  const pages = {
    '/api/v1/logs': 'The web page of live logs',
    '/': 'The web page of live logs',
    '/ui/:page': 'A web page: errors, services, jobs, nodes, fleet, alerts',
    '/ui/:page/:name': 'A web page of one job, node, file …',
  };
  for (const [path, summary] of Object.entries(pages)) {
    api.get(path, { summary, gives: HTML, errors: ['not_found'] }, page);
  }
}

function send(context: Context, { type, body, gzip, etag }: PageFile): void {
  context.set({ Vary: 'Accept-Encoding', ETag: etag });
  context.status = 200;
  if (context.fresh) {
    context.status = 304;
    return;
  }
  if (gzip && context.acceptsEncodings('gzip', 'identity') === 'gzip') {
    context.set('Content-Encoding', 'gzip');
    context.body = gzip;
  } else {
    context.body = body;
  }
  context.set('Content-Type', type);
}
