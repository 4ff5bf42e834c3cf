import type Router from 'koa-router';
import type { LiveBus } from '../../pipeline/live/live-bus.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import type { Auth } from '../http/auth.ts';
export interface LogRoutesOptions {
  readonly auth: Auth;
  readonly clickhouse: ClickHouse;
  readonly store: LogStore;
  readonly bus: LiveBus;
  /** Aborted when the server stops: open streams end. */
  readonly stopping: AbortSignal;
}
export function addLogRoutes(router: Router, { auth, clickhouse }: LogRoutesOptions): void {
  router.get('/api/v1/logs/count', auth.require('read'), async (context) => {
    context.body = { total: (await clickhouse.query<[number]>('select count() from logs'))[0]![0] };
  });
}
