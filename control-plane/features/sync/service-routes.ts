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
  total_size_bytes: z.int().describe('Of its files'),
  latest_modified: TIME.describe('Of its newest file or record'),
  record_count: z.int(),
});

const LIMITED =
  'It is limited to the services with the most records; the header `X-Services-Left-Out` has the number of the others.';

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
  api.get(
    '/services',
    {
      operationId: 'listServices',
      summary: 'List services',
      description: `Returns the names of the services. ${LIMITED}`,
      permission: 'read',
      response: z.array(z.string()).meta({ examples: [['vllm', 'slurm']] }),
      errors: ['resource_exhausted'],
    },
    async (context) => {
      const stored = (await stats(context)).map(({ service }) => service);
      return [...new Set([...knownServices, ...stored])];
    },
  );

  api.get(
    '/services/stats',
    {
      operationId: 'getServiceStats',
      summary: 'Get statistics of services',
      description: `Returns the files and records of each service, by name. ${LIMITED}`,
      permission: 'read',
      response: z.record(z.string(), SERVICE_STATS).meta({
        examples: [
          {
            slurm: {
              service: 'slurm',
              file_count: 3,
              total_size_bytes: 48_211,
              latest_modified: '2026-06-04T08:15:30.250Z',
              record_count: 1200,
            },
          },
        ],
      }),
      errors: ['resource_exhausted'],
    },
    async (context) => Object.fromEntries((await stats(context)).map((entry) => [entry.service, entry])),
  );
}
