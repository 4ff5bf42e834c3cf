import type Router from 'koa-router';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import type { Auth } from '../http/auth.ts';
import { serviceStats } from '../logs/services.ts';

export interface ServiceRoutesOptions {
  readonly auth: Auth;
  readonly clickhouse: ClickHouse;
  /** Services that are listed before they have a record: the built-in ones and those of `CATEGORIES_FILE`. */
  readonly knownServices: readonly string[];
}

export function addServiceRoutes(
  router: Router,
  { auth, clickhouse, knownServices }: ServiceRoutesOptions,
): void {
  router.get('/services', auth.require('read'), async (context) => {
    const stored = (await serviceStats(clickhouse)).map(({ service }) => service);
    context.body = [...new Set([...knownServices, ...stored])];
  });

  router.get('/services/stats', auth.require('read'), async (context) => {
    const stats = await serviceStats(clickhouse);
    context.body = Object.fromEntries(stats.map((entry) => [entry.service, entry]));
  });
}
