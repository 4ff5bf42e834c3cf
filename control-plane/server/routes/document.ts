import { z } from 'zod';
import type { Api } from '../../http/api.ts';
import { readDocsFile, renderDocs } from '../../http/docs-page.ts';
import { describeRoutes } from '../../http/openapi.ts';

/** The page runs its own script and style, and sends requests to this server only. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  // Browsers request /favicon.ico where a page names no icon.
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const FILES = [
  { name: 'docs.js', type: 'text/javascript', operationId: 'getDocsScript', kind: 'script' },
  { name: 'docs.css', type: 'text/css', operationId: 'getDocsStyle', kind: 'style' },
] as const;

/** The documentation of the API, made of the routes' own declarations. It is open because it holds no data. */
export function addDocumentRoutes(
  api: Api,
  { version, basePath }: { readonly version: string; readonly basePath: string },
): void {
  const routes = api.family('Operations');
  // Both are made at the first request, when all routes are declared: to make them takes a tenth of a second.
  let document: ReturnType<typeof describeRoutes> | undefined;
  let page: string | undefined;
  const describe = () => {
    document ??= describeRoutes(api.routes, api.families, { version, basePath });
    return document;
  };

  routes.get(
    '/openapi.json',
    {
      operationId: 'getOpenApi',
      summary: 'Get this document',
      description: 'Returns the API as an OpenAPI 3.1 document.',
      response: z.looseObject({ openapi: z.string().meta({ examples: ['3.1.1'] }) }),
    },
    describe,
  );

  routes.get(
    '/docs',
    {
      operationId: 'getDocsPage',
      summary: 'Get the page of this document',
      description:
        'Returns a page that shows the API and sends requests to it. It loads nothing from other servers.',
      responseMedia: { 'text/html': z.string().meta({ examples: ['<!doctype html>…'] }) },
    },
    (context) => {
      page ??= renderDocs(describe(), basePath);
      context.set('Content-Security-Policy', PAGE_POLICY);
      context.type = 'html';
      context.body = page;
    },
  );

  for (const { name, type, operationId, kind } of FILES) {
    routes.get(
      `/docs/${name}`,
      {
        operationId,
        summary: `Get the ${kind} of the page`,
        description: `Returns the ${kind} that the page \`/docs\` loads.`,
        responseMedia: { [type]: z.string().meta({ examples: ['…'] }) },
      },
      (context) => {
        context.type = type;
        context.body = readDocsFile(name);
      },
    );
  }
}
