import { z } from 'zod';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import type { Retention } from '../../../pipeline/store/retention.ts';
import type { RouteFamily } from '../../http/api.ts';
import { leaveSignal } from '../../http/leave-signal.ts';
import { describe, optionalText } from '../../http/parameters.ts';
import { FILTER, toFilter } from '../../http/record-parameters.ts';
import { TIME, TOOK_MS, tookMs } from '../../http/record-schema.ts';
import { scanLimits } from '../../query/query-limits.ts';
import type { DeletingArchive } from './delete-records.ts';
import { deleteByFilter } from './delete-records.ts';
import { retentionReport } from './retention-report.ts';

export interface RetentionRoutesOptions {
  readonly clickhouse: ClickHouse;
  readonly bus: LiveBus;
  readonly retention: Retention;
  readonly maxDiskBytes: number | undefined;
  readonly archive: DeletingArchive | undefined;
}

const RULE = z.object({
  service: z.array(z.string()).optional(),
  level: z.array(z.string()).optional(),
  days: z.number(),
});
const GROUP = z.object({
  service: z.string(),
  level: z.string(),
  days: z.number(),
  records: z.int(),
  bytes: z.int().describe('Estimated by the number of records'),
  oldest: TIME,
  first_goes_at: TIME.describe('By its age; the limit on disk may take it earlier'),
  gone_in_24h: z.int(),
  gone_in_7d: z.int(),
});

/** What is kept, for how long, and deleting by query. */
export function addRetentionRoutes(
  api: RouteFamily,
  { clickhouse, bus, retention, maxDiskBytes, archive }: RetentionRoutesOptions,
): void {
  api.getOrPost(
    '/api/v1/retention',
    {
      summary: 'What is kept, for how long, and what goes when',
      right: 'read',
      answer: z.object({
        rules: z.array(RULE).describe('In the order in which they are tried'),
        disk: z.object({
          bytes: z.int(),
          max_bytes: z.int().nullable(),
          bytes_per_record: z.number(),
          limit_reached_at: TIME.nullable().describe('At the rate of the last day'),
        }),
        groups: z.array(GROUP).describe('The largest first'),
      }),
      errors: ['too_costly'],
    },
    (context) =>
      retentionReport(clickhouse, retention, maxDiskBytes, Date.now(), scanLimits(leaveSignal(context))),
  );

  api.postParameters(
    '/api/v1/logs/delete',
    {
      summary: 'Deletes the records that a query selects, in two steps',
      right: 'change',
      parameters: {
        ...FILTER,
        confirm: describe(optionalText, 'What the answer to the same request without it gave'),
      },
      answer: z.object({
        records: z.int().describe('That the request selects'),
        deleted: z.int(),
        confirm: z.string().optional().describe('To be sent with the same request, which then deletes'),
        took_ms: TOOK_MS,
      }),
      errors: ['too_costly'],
    },
    async (context, { confirm, ...filter }) => {
      const started = performance.now();
      const request = { filter: toFilter(filter), confirm, watermark: bus.watermark, archive };
      const deletion = await deleteByFilter(clickhouse, request, scanLimits(leaveSignal(context)));
      return { ...deletion, took_ms: tookMs(started) };
    },
  );
}
