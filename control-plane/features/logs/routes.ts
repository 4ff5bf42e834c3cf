import { z } from 'zod';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import type { RouteFamily } from '../../http/api.ts';
import { leaveSignal } from '../../http/leave-signal.ts';
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
import { answerRecord, RECORD, TOOK_MS, tookMs } from '../../http/record-schema.ts';
import { readGroupFields } from '../../query/group-field.ts';
import { queryLimits, scanLimits } from '../../query/query-limits.ts';
import { contextOf } from './context.ts';
import { countLogs } from './count.ts';
import { searchLogs } from './search.ts';

const PLACE = parameter({ type: 'string', pattern: '^\\d{1,16}$' }, (given = '') => {
  if (!/^\d{1,16}$/.test(given)) throw new ExpectedError('the id of a record');
  return Number(given);
});

/** Single records, and how many there are. */
export function addLogRoutes(api: RouteFamily, store: LogStore): void {
  api.getOrPost(
    '/api/v1/logs/recent',
    {
      summary: 'The newest records, oldest first',
      description:
        'Of large records fewer than `lines`, within 16 MiB: the header `X-Left-Out: older` says that some are missing.',
      readsRecords: true,
      right: 'read',
      parameters: { lines: describe(wholeNumber(1, 1000, 100), 'How many'), ...FILTER },
      answer: z.array(RECORD),
      errors: ['too_costly'],
    },
    async (context, { lines, ...filter }) => {
      const request = { filter: toFilter(filter), limit: lines, order: 'desc', cursor: undefined } as const;
      const { records, nextCursor } = await searchLogs(store, request, queryLimits(leaveSignal(context)));
      if (records.length < lines && nextCursor !== undefined) context.set('X-Left-Out', 'older');
      return records.toReversed().map(answerRecord);
    },
  );

  api.getOrPost(
    '/api/v1/logs/search',
    {
      summary: 'Records page by page',
      description: 'A page of large records has fewer than `limit`, within 16 MiB; `next_cursor` goes on.',
      readsRecords: true,
      right: 'read',
      parameters: {
        ...FILTER,
        limit: describe(wholeNumber(1, 1000, 100), 'Records of one page'),
        order: describe(oneOf(['desc', 'asc'], 'desc'), 'The newest or the oldest first'),
        cursor: describe(optionalText, 'The `next_cursor` of the page before'),
      },
      answer: z.object({
        records: z.array(RECORD),
        next_cursor: z.string().nullable().describe('Null on the last page'),
        took_ms: TOOK_MS,
      }),
      errors: ['too_costly'],
    },
    async (context, { limit, order, cursor, ...filter }) => {
      const started = performance.now();
      const request = { filter: toFilter(filter), limit, order, cursor };
      const { records, nextCursor } = await searchLogs(store, request, queryLimits(leaveSignal(context)));
      return {
        records: records.map(answerRecord),
        next_cursor: nextCursor ?? null,
        took_ms: tookMs(started),
      };
    },
  );

  api.getOrPost(
    '/api/v1/logs/count',
    {
      summary: 'How many records, also by fields',
      readsRecords: true,
      right: 'read',
      parameters: { ...FILTER, by: describe(textList(8), 'Fields to count by, nested ones with dots') },
      answer: z.object({
        total: z.int(),
        groups: z
          .array(z.looseObject({ count: z.int() }))
          .describe('At most 1,000, the largest first, each with the fields that it is counted by'),
        took_ms: TOOK_MS,
      }),
      errors: ['too_costly'],
    },
    async (context, { by, ...filter }) => {
      const started = performance.now();
      const limits = scanLimits(leaveSignal(context));
      const count = await countLogs(store, toFilter(filter), readGroupFields('by', by), limits);
      return { ...count, took_ms: tookMs(started) };
    },
  );

  api.getOrPost(
    '/api/v1/logs/context',
    {
      summary: 'The lines around one, of the same file or container',
      readsRecords: true,
      right: 'read',
      parameters: {
        id: describe(PLACE, 'The id of the record'),
        before: describe(wholeNumber(0, 1000, 10), 'Lines before it'),
        after: describe(wholeNumber(0, 1000, 10), 'Lines after it'),
      },
      answer: z.object({
        records: z.array(RECORD),
        records_left_out: z
          .int()
          .describe('Lines farther away that were asked for: those of one answer have 16 MiB at most'),
      }),
      errors: ['not_found', 'too_costly'],
    },
    async (context, request) => {
      const { records, leftOut } = await contextOf(store, request, queryLimits(leaveSignal(context)));
      return { records: records.map(answerRecord), records_left_out: leftOut };
    },
  );
}
