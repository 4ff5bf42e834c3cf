import { z } from 'zod';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { syncedFiles } from '../files/list-files.ts';
import type { SourceSync } from '../files/source-sync.ts';
import type { RouteFamily } from '../http/api.ts';
import { serviceStats } from '../logs/services.ts';
import { TIME } from './record-schema.ts';

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
  const stats = () => serviceStats(clickhouse, syncedFiles(syncSources.map(({ files }) => files)));

  api.get(
    '/services',
    { summary: 'Names of the services', right: 'read', answer: z.array(z.string()) },
    async () => {
      const stored = (await stats()).map(({ service }) => service);
      return [...new Set([...knownServices, ...stored])];
    },
  );

  api.get(
    '/services/stats',
    {
      summary: 'What is stored of each service, by name',
      right: 'read',
      answer: z.record(z.string(), SERVICE_STATS),
    },
    async () => Object.fromEntries((await stats()).map((entry) => [entry.service, entry])),
  );
}
