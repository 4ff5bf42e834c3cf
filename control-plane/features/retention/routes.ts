import { z } from 'zod';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import type { Retention } from '../../../pipeline/store/retention.ts';
import type { RouteFamily } from '../../http/api.ts';
import { disconnectSignal } from '../../http/disconnect-signal.ts';
import { describe, optionalText } from '../../http/parameters.ts';
import { FILTER, toFilter } from '../../http/record-parameters.ts';
import { COUNT, TIME, TOOK_MS, tookMs } from '../../http/record-schema.ts';
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

const DAYS = z.number().meta({ description: 'How long records are kept, in days', examples: [30] });
const RULE = z.object({
  service: z.array(z.string()).optional().describe('Services that it applies to; all by default'),
  level: z.array(z.string()).optional().describe('Levels that it applies to; all by default'),
  days: DAYS,
});
const GROUP = z.object({
  service: z.string().meta({ examples: ['vllm'] }),
  level: z.string().meta({ examples: ['INFO'] }),
  days: DAYS,
  records: COUNT,
  bytes: COUNT.describe('Estimated from the number of records'),
  oldest: TIME.describe('When its oldest record arrived'),
  first_expires_at: TIME.describe(
    'When its oldest record expires by age; the disk limit may delete it earlier',
  ),
  expiring_in_24h: COUNT,
  expiring_in_7d: COUNT,
});

/** How long records are kept, and deletion by query. */
export function addRetentionRoutes(
  api: RouteFamily,
  { clickhouse, bus, retention, maxDiskBytes, archive }: RetentionRoutesOptions,
): void {
  api.getOrPost(
    '/api/v1/retention',
    {
      operationId: 'getRetention',
      summary: 'Get the retention of records',
      description:
        'Returns the rules of retention, the use of the disk, and how many records of each service and level expire within a day ' +
        'and a week.',
      permission: 'read',
      response: z.object({
        rules: z.array(RULE).describe('The first rule that applies to a record decides'),
        disk: z.object({
          bytes: z.int().meta({ description: 'Bytes on the disk', examples: [91_226_112] }),
          max_bytes: z
            .int()
            .nullable()
            .meta({ description: '`MAX_DISK_BYTES`; null where it is unset', examples: [10_737_418_240] }),
          bytes_per_record: z.number().meta({ examples: [87.2] }),
          limit_reached_at: TIME.nullable().describe(
            'When the limit is reached at the rate of the last day; null where it is not',
          ),
        }),
        groups: z.array(GROUP).describe('The largest first'),
      }),
      errors: ['resource_exhausted'],
    },
    (context) =>
      retentionReport(clickhouse, retention, maxDiskBytes, Date.now(), scanLimits(disconnectSignal(context))),
  );

  api.postParameters(
    '/api/v1/logs/delete',
    {
      operationId: 'deleteLogs',
      summary: 'Delete the records that match',
      description:
        'Deletes in two steps. The first request returns the number of records and a `confirm`; the same request with this ' +
        '`confirm` deletes them.',
      permission: 'change',
      parameters: {
        ...FILTER,
        confirm: describe(optionalText, 'The `confirm` of the first response', '5f2a91c0'),
      },
      response: z.object({
        records: COUNT.describe('Records that match'),
        deleted: z.int().meta({ description: 'Records that were deleted', examples: [0] }),
        confirm: z
          .string()
          .optional()
          .meta({ description: 'Send it with the same request to delete', examples: ['5f2a91c0'] }),
        took_ms: TOOK_MS,
      }),
      errors: ['resource_exhausted'],
    },
    async (context, { confirm, ...filter }) => {
      const started = performance.now();
      const request = { filter: toFilter(filter), confirm, watermark: bus.watermark, archive };
      const deletion = await deleteByFilter(clickhouse, request, scanLimits(disconnectSignal(context)));
      return { ...deletion, took_ms: tookMs(started) };
    },
  );
}
