import { z } from 'zod';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import type { RouteFamily } from '../../http/api.ts';
import { disconnectSignal } from '../../http/disconnect-signal.ts';
import {
  describe,
  ExpectedError,
  oneOf,
  optionalText,
  parameter,
  textList,
  wholeNumber,
} from '../../http/parameters.ts';
import { FILTER, toFilter } from '../../http/record-parameters.ts';
import { answerRecord, COUNT, LEFT_OUT, RECORD, TOOK_MS, tookMs } from '../../http/record-schema.ts';
import { readGroupFields } from '../../query/group-field.ts';
import { queryLimits, scanLimits } from '../../query/query-limits.ts';
import { contextOf } from './context.ts';
import { countLogs } from './count.ts';
import { queryHints } from './query-hints.ts';
import { searchLogs } from './search.ts';

const RECORD_ID = parameter({ type: 'string', pattern: '^\\d{1,16}$' }, (given = '') => {
  if (!/^\d{1,16}$/.test(given)) throw new ExpectedError('the id of a record');
  return Number(given);
});

const HINTS = z
  .array(z.object({ message: z.string(), query: z.string().optional() }))
  .optional()
  .meta({
    description:
      'Of an answer without records: what in the query was probably not meant, each with a query that may be',
    examples: [[{ message: 'No record has service "vlm". There is "vllm".', query: 'service:vllm' }]],
  });

/** Records, and their number. */
export function addLogRoutes(api: RouteFamily, store: LogStore): void {
  api.getOrPost(
    '/api/v1/logs/recent',
    {
      operationId: 'listRecentLogs',
      summary: 'List the newest records',
      description:
        'Returns the newest records that match, the oldest of them first. The response is limited to 16 MiB: where it has fewer ' +
        'records than `lines` for that reason, it has the header `X-Left-Out: older`.',
      readsRecords: true,
      permission: 'read',
      parameters: { lines: describe(wholeNumber(1, 1000, 100), 'The most records to return'), ...FILTER },
      response: z.array(RECORD),
      errors: ['resource_exhausted'],
    },
    async (context, { lines, ...filter }) => {
      const request = { filter: toFilter(filter), limit: lines, order: 'desc', cursor: undefined } as const;
      const { records, nextCursor } = await searchLogs(
        store,
        request,
        queryLimits(disconnectSignal(context)),
      );
      if (records.length < lines && nextCursor !== undefined) context.set('X-Left-Out', 'older');
      return records.toReversed().map(answerRecord);
    },
  );

  api.getOrPost(
    '/api/v1/logs/search',
    {
      operationId: 'searchLogs',
      summary: 'Search records page by page',
      description:
        'Returns one page of the records that match. A page is limited to 16 MiB, so it may have fewer records than `limit`; ' +
        'send `next_cursor` as `cursor` to get the next page.',
      readsRecords: true,
      permission: 'read',
      parameters: {
        ...FILTER,
        limit: describe(wholeNumber(1, 1000, 100), 'The most records of a page'),
        order: describe(oneOf(['desc', 'asc'], 'desc'), '`desc`: the newest first; `asc`: the oldest first'),
        cursor: describe(optionalText, 'The `next_cursor` of the page before', 'MTc4MDU2MDkzMC4yNTAvMTc'),
      },
      response: z.object({
        records: z.array(RECORD),
        next_cursor: z
          .string()
          .nullable()
          .meta({ description: 'Null on the last page', examples: ['MTc4MDU2MDkzMC4yNTAvMTc'] }),
        took_ms: TOOK_MS,
        hints: HINTS,
      }),
      errors: ['resource_exhausted'],
    },
    async (context, { limit, order, cursor, ...filter }) => {
      const started = performance.now();
      const request = { filter: toFilter(filter), limit, order, cursor };
      const limits = queryLimits(disconnectSignal(context));
      const { records, nextCursor } = await searchLogs(store, request, limits);
      const isEmpty = records.length === 0 && cursor === undefined;
      return {
        records: records.map(answerRecord),
        next_cursor: nextCursor ?? null,
        took_ms: tookMs(started),
        ...(isEmpty && filter.q !== undefined && { hints: await queryHints(store, filter.q, limits) }),
      };
    },
  );

  api.getOrPost(
    '/api/v1/logs/count',
    {
      operationId: 'countLogs',
      summary: 'Count records',
      description:
        'Counts the records that match, in total and for each combination of values of the fields in `by`.',
      readsRecords: true,
      permission: 'read',
      parameters: {
        ...FILTER,
        by: describe(textList(8), 'Fields to count by; nested ones with dots', ['service']),
      },
      response: z.object({
        total: COUNT,
        groups: z.array(z.looseObject({ count: z.int() })).meta({
          description: 'At most 1,000, the largest first, each with the values of the fields in `by`',
          examples: [[{ service: 'vllm', count: 42 }]],
        }),
        ...LEFT_OUT,
        took_ms: TOOK_MS,
        hints: HINTS,
      }),
      errors: ['resource_exhausted'],
    },
    async (context, { by, ...filter }) => {
      const started = performance.now();
      const limits = scanLimits(disconnectSignal(context));
      const count = await countLogs(store, toFilter(filter), readGroupFields('by', by), limits);
      return {
        ...count,
        took_ms: tookMs(started),
        ...(count.total === 0 &&
          filter.q !== undefined && { hints: await queryHints(store, filter.q, limits) }),
      };
    },
  );

  api.getOrPost(
    '/api/v1/logs/context',
    {
      operationId: 'getLogContext',
      summary: 'Get the lines around a record',
      description: 'Returns a record with the lines before and after it of the same file or container.',
      readsRecords: true,
      permission: 'read',
      parameters: {
        id: describe(RECORD_ID, 'The id of the record', '1780560930250000'),
        before: describe(wholeNumber(0, 1000, 10), 'Lines before it'),
        after: describe(wholeNumber(0, 1000, 10), 'Lines after it'),
      },
      response: z.object({
        records: z.array(RECORD),
        records_left_out: z.int().meta({
          description:
            'Requested lines that are missing, the farthest ones: the response is limited to 16 MiB',
          examples: [0],
        }),
      }),
      errors: ['not_found', 'resource_exhausted'],
    },
    async (context, request) => {
      const { records, leftOut } = await contextOf(store, request, queryLimits(disconnectSignal(context)));
      return { records: records.map(answerRecord), records_left_out: leftOut };
    },
  );
}
