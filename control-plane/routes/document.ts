import { z } from 'zod';
import type { Api } from '../http/api.ts';
import { describeRoutes } from '../http/openapi.ts';

/** What programs and people read about the API: made of the routes' own declarations. */
export function addDocumentRoutes(api: Api, { version }: { readonly version: string }): void {
  api
    .family('Operations')
    .get(
      '/openapi.json',
      { summary: 'This document: OpenAPI 3.1', answer: z.looseObject({ openapi: z.string() }) },
      () => describeRoutes(api.routes, version),
    );
}
