import type Router from 'koa-router';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { syncedFiles } from '../files/list-files.ts';
import type { SourceSync } from '../files/source-sync.ts';
import type { Auth } from '../http/auth.ts';
import { serviceStats } from '../logs/services.ts';

export interface ServiceRoutesOptions {
  readonly auth: Auth;
  readonly clickhouse: ClickHouse;
  readonly syncSources: readonly SourceSync[];
  /** Services that are listed before they have a record: the built-in ones and those of `CATEGORIES_FILE`. */
  readonly knownServices: readonly string[];
}

export function addServiceRoutes(
  router: Router,
  { auth, clickhouse, syncSources, knownServices }: ServiceRoutesOptions,
): void {
  const stats = () => serviceStats(clickhouse, syncedFiles(syncSources.map(({ files }) => files)));

  router.get('/services', auth.require('read'), async (context) => {
    const stored = (await stats()).map(({ service }) => service);
    context.body = [...new Set([...knownServices, ...stored])];
  });

  router.get('/services/stats', auth.require('read'), async (context) => {
    context.body = Object.fromEntries((await stats()).map((entry) => [entry.service, entry]));
  });
}
