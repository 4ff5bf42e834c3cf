import type Router from 'koa-router';
import type { LiveBus } from '../../pipeline/live/live-bus.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import type { Retention } from '../../pipeline/store/retention.ts';
import { leaveSignal } from '../http/leave-signal.ts';
import { optionalText, readParameters } from '../http/parameters.ts';
import { addReadRoute, type ReadRouteOptions, readPostedParameters } from '../http/read-route.ts';
import { scanLimits } from '../logs/query-limits.ts';
import { deleteByFilter } from '../retention/delete-records.ts';
import { retentionReport } from '../retention/retention-report.ts';
import { readFilter } from './log-parameters.ts';
import { tookMs } from './took-ms.ts';

export interface RetentionRoutesOptions extends ReadRouteOptions {
  readonly clickhouse: ClickHouse;
  readonly bus: LiveBus;
  readonly retention: Retention;
  readonly maxDiskBytes: number | undefined;
}

export function addRetentionRoutes(router: Router, options: RetentionRoutesOptions): void {
  const { auth, body, clickhouse, bus, retention, maxDiskBytes } = options;

  addReadRoute(router, '/api/v1/retention', options, async (context) => {
    const limits = scanLimits(leaveSignal(context));
    context.body = await retentionReport(clickhouse, retention, maxDiskBytes, Date.now(), limits);
  });

  router.post('/api/v1/logs/delete', auth.require('change'), readPostedParameters(body), async (context) => {
    const started = performance.now();
    const { confirm } = readParameters(context, { confirm: optionalText });
    const request = { filter: readFilter(context), confirm, watermark: bus.watermark };
    const deletion = await deleteByFilter(clickhouse, request, scanLimits(leaveSignal(context)));
    context.body = { ...deletion, took_ms: tookMs(started) };
  });
}
