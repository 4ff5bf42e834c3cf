import type { Context } from 'koa';
import { z } from 'zod';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { RouteFamily } from '../../http/api.ts';
import { TIME } from '../../http/record-schema.ts';
import { syncedFiles } from './list-files.ts';
import { serviceStats } from './services.ts';
import type { SourceSync } from './source-sync.ts';

export interface ServiceRoutesOptions {
  readonly clickhouse: ClickHouse;
  readonly syncSources: readonly SourceSync[];
  /** Services that are listed before they have a record: the built-in ones and those of `CATEGORIES_FILE`. */
  readonly knownServices: readonly string[];
}

const SERVICE_STATS = z.object({
  service: z.string(),
  file_count: z.int(),
  total_size_bytes: z.int(),
  latest_modified: TIME,
  record_count: z.int(),
});

export function addServiceRoutes(
  api: RouteFamily,
  { clickhouse, syncSources, knownServices }: ServiceRoutesOptions,
): void {
  const stats = async (context: Context) => {
    const { services, leftOut } = await serviceStats(
      clickhouse,
      syncedFiles(syncSources.map(({ files }) => files)),
    );
    if (leftOut > 0) context.set('X-Services-Left-Out', String(leftOut));
    return services;
  };
  const description =
    'Those with the most records: the header `X-Services-Left-Out` says how many others there are, if any.';

  api.get(
    '/services',
    {
      summary: 'Names of the services',
      description,
      right: 'read',
      answer: z.array(z.string()),
      errors: ['too_costly'],
    },
    async (context) => {
      const stored = (await stats(context)).map(({ service }) => service);
      return [...new Set([...knownServices, ...stored])];
    },
  );

  api.get(
    '/services/stats',
    {
      summary: 'What is stored of each service, by name',
      description,
      right: 'read',
      answer: z.record(z.string(), SERVICE_STATS),
      errors: ['too_costly'],
    },
    async (context) => Object.fromEntries((await stats(context)).map((entry) => [entry.service, entry])),
  );
}
