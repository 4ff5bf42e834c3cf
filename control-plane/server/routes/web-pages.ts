import type { Context } from 'koa';
import { z } from 'zod';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { RouteFamily } from '../../http/api.ts';
import type { PageFile, PageFiles } from '../../http/page-files.ts';
import { describe, type Parameters, requiredText } from '../../http/parameters.ts';

export interface WebPageRoutesOptions {
  readonly pageFiles: PageFiles;
  /** Portals whose pages may show these in a frame. */
  readonly frameAncestors: readonly string[];
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
  "require-trusted-types-for 'script'",
];

const TEXT = z.string().meta({ examples: ['…'] });
const HTML = { 'text/html': z.string().meta({ examples: ['<!doctype html>…'] }) };
const ASSETS = { 'text/javascript': TEXT, 'text/css': TEXT, 'image/svg+xml': TEXT };
const NOT_MODIFIED = { 304: { description: 'The client has the newest version' } };

const PAGE = describe(requiredText, 'The name of the page', 'jobs');
const NAME = describe(requiredText, 'The id or name of what the page shows', '48211');
const PAGES = [
  { path: '/api/v1/logs', id: 'getLogsPage', shows: 'live logs', parameters: {} },
  { path: '/', id: 'getStartPage', shows: 'live logs', parameters: {} },
  {
    path: '/ui/:page',
    id: 'getPage',
    shows: 'errors, services, jobs, nodes, fleet or alerts',
    parameters: { page: PAGE },
  },
  {
    path: '/ui/:page/:name',
    id: 'getPageOfOne',
    shows: 'one job, node, file or machine',
    parameters: { page: PAGE, name: NAME },
  },
] as const;

/** Open without a token, because they hold no data. What they show they request with the session of the person signed in. */
export function addWebPageRoutes(
  api: RouteFamily,
  { pageFiles: { html, assets }, frameAncestors }: WebPageRoutesOptions,
): void {
  const policy = [
    ...CONTENT_SECURITY_POLICY,
    `frame-ancestors ${frameAncestors.length > 0 ? frameAncestors.join(' ') : "'none'"}`,
  ].join('; ');
  // Before the pages, whose paths match it too.
  api.get(
    '/ui/assets/:asset',
    {
      operationId: 'getPageAsset',
      summary: 'Get a script, style or icon of the web pages',
      description:
        'Returns a file under a name that holds the hash of its content; it may be cached without end.',
      parameters: { asset: describe(requiredText, 'A file that the page loads', 'main-4f1c2a.js') },
      responseMedia: ASSETS,
      otherResponses: NOT_MODIFIED,
      errors: ['not_found'],
    },
    (context, { asset: name }) => {
      const asset = assets.get(name);
      if (!asset)
        throw new LogplaneError('not_found', `unknown path: GET ${context.path}; /docs lists all paths`);
      context.set('Cache-Control', 'public, max-age=31536000, immutable');
      send(context, asset);
    },
  );

  const page = (context: Context) => {
    if (!html) {
      throw new LogplaneError(
        'not_found',
        'the web pages are not built: expected the folder dist/ui; run "npm run build"',
      );
    }
    context.set({ 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache' });
    // The older header knows no list; browsers that know the policy go by that.
    if (frameAncestors.length > 0) context.remove('X-Frame-Options');
    send(context, html);
  };
  for (const { path, id, shows, parameters } of PAGES) {
    api.get(
      path,
      {
        operationId: id,
        summary: `Get the web page of ${shows}`,
        description:
          'Returns the HTML of the web pages. It holds no data: its script requests what it shows.',
        parameters: parameters as Parameters,
        responseMedia: HTML,
        otherResponses: NOT_MODIFIED,
        errors: ['not_found'],
      },
      page,
    );
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
