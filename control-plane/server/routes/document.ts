import { z } from 'zod';
import type { Api } from '../../http/api.ts';
import { readDocsFile, renderDocs } from '../../http/docs-page.ts';
import { describeRoutes } from '../../http/openapi.ts';

/** The page runs its own script and style, and asks this server alone. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  // Browsers ask for /favicon.ico where a page names none.
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const FILES = [
  { name: 'docs.js', type: 'text/javascript' },
  { name: 'docs.css', type: 'text/css' },
] as const;

/** What programs and people read about the API: made of the routes' own declarations. Open, for it holds no data. */
export function addDocumentRoutes(api: Api, { version }: { readonly version: string }): void {
  const routes = api.family('Operations');
  let page: string | undefined;

  routes.get(
    '/openapi.json',
    { summary: 'All of this as OpenAPI 3.1', answer: z.looseObject({ openapi: z.string() }) },
    () => describeRoutes(api.routes, version),
  );

  routes.get(
    '/docs',
    { summary: 'A page to read and try all of this', gives: { 'text/html': z.string() } },
    (context) => {
      page ??= renderDocs(describeRoutes(api.routes, version));
      context.set('Content-Security-Policy', PAGE_POLICY);
      context.type = 'html';
      context.body = page;
    },
  );

  for (const { name, type } of FILES) {
    routes.get(
      `/docs/${name}`,
      { summary: `A part of the page /docs: ${name}`, gives: { [type]: z.string() } },
      (context) => {
        context.type = type;
        context.body = readDocsFile(name);
      },
    );
  }
}
