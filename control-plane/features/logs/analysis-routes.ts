import { z } from 'zod';
import { badRequest } from '../../../pipeline/runtime/errors.ts';
import type { RecordTable } from '../../../pipeline/store/sql.ts';
import type { RouteFamily } from '../../http/api.ts';
import { disconnectSignal } from '../../http/disconnect-signal.ts';
import { describe, optionalText, textList, wholeNumber } from '../../http/parameters.ts';
import { FILTER, INTERVAL, toFilter } from '../../http/record-parameters.ts';
import { COUNT, COUNTS, LEFT_OUT, TIME, TOOK_MS, tookMs } from '../../http/record-schema.ts';
import { readGroupFields } from '../../query/group-field.ts';
import { scanLimits } from '../../query/query-limits.ts';
import { facetsOf } from './facets.ts';
import { histogramOf } from './histogram.ts';
import { patternsOf } from './patterns.ts';
import { requestStats } from './request-stats.ts';
import { REQUEST_STATS } from './request-stats-schema.ts';

/** The default fields of facets: those by which people usually choose. */
const USUAL_FACETS = ['level', 'service', 'machine_id', 'source', 'file_path'];

/** Statistics of many records. */
export function addLogAnalysisRoutes(api: RouteFamily, records: RecordTable): void {
  api.getOrPost(
    '/api/v1/logs/histogram',
    {
      operationId: 'getLogHistogram',
      summary: 'Count records over time',
      description:
        'Counts the records that match in intervals of time, also apart by the values of one field.',
      readsRecords: true,
      permission: 'read',
      parameters: {
        ...FILTER,
        interval: INTERVAL,
        by: describe(optionalText, 'A field whose values are counted apart', 'level'),
      },
      response: z.object({
        interval: z.string().meta({ description: 'The length of a bucket', examples: ['1m'] }),
        buckets: z.array(
          z.object({
            timestamp: TIME,
            total: COUNT,
            counts: COUNTS.meta({
              description: 'By value of the field `by`: the 50 most frequent ones',
              examples: [{ INFO: 40, ERROR: 2 }],
            }),
          }),
        ),
        ...LEFT_OUT,
        took_ms: TOOK_MS,
      }),
      errors: ['resource_exhausted'],
    },
    async (context, { interval, by, ...filter }) => {
      const started = performance.now();
      const now = Date.now();
      if (by?.includes(','))
        throw badRequest(`by: expected one field, got "${by}"; count by one field at a time`);
      const [field] = readGroupFields('by', by === undefined ? [] : [by]);
      const request = { filter: toFilter(filter, now), interval, by: field, now, timezone: filter.tz };
      const histogram = await histogramOf(records, request, scanLimits(disconnectSignal(context)));
      return { ...histogram, took_ms: tookMs(started) };
    },
  );

  api.getOrPost(
    '/api/v1/logs/facets',
    {
      operationId: 'getLogFacets',
      summary: 'List the most frequent values of fields',
      description:
        'Returns the most frequent values of each field among the records that match, with their counts.',
      readsRecords: true,
      permission: 'read',
      parameters: {
        ...FILTER,
        fields: describe(textList(16), `By default ${USUAL_FACETS.join(', ')}`, ['level', 'service']),
        limit: describe(wholeNumber(1, 1000, 100), 'The most values of each field'),
      },
      response: z.object({
        facets: z.record(z.string(), z.array(z.object({ value: z.string(), count: z.int() }))).meta({
          description: 'By field: its values, the most frequent first',
          examples: [{ level: [{ value: 'ERROR', count: 42 }] }],
        }),
        left_out: z.record(z.string(), z.object({ values: z.int(), records: z.int() })).meta({
          description: 'By field: its values beyond the most frequent ones, and their records',
          examples: [{ machine_id: { values: 12, records: 40 } }],
        }),
        ...LEFT_OUT,
        took_ms: TOOK_MS,
      }),
      errors: ['resource_exhausted'],
    },
    async (context, { fields, limit, ...filter }) => {
      const started = performance.now();
      const groups = readGroupFields('fields', fields.length === 0 ? USUAL_FACETS : [...new Set(fields)]);
      const limits = scanLimits(disconnectSignal(context));
      const facets = await facetsOf(records, toFilter(filter), groups, limit, limits);
      return { ...facets, took_ms: tookMs(started) };
    },
  );

  api.getOrPost(
    '/api/v1/logs/patterns',
    {
      operationId: 'listLogPatterns',
      summary: 'Group messages by pattern',
      description:
        'Groups the messages that match by their pattern: the text without numbers, ids and other variable parts. Of very ' +
        'many records a sample is read and the counts are estimated.',
      readsRecords: true,
      permission: 'read',
      parameters: { ...FILTER, limit: describe(wholeNumber(1, 200, 50), 'The most patterns to return') },
      response: z.object({
        patterns: z.array(
          z.object({
            pattern: z.string().meta({ examples: ['Tried to allocate <num> GiB'] }),
            count: COUNT.describe('Estimated where only a sample was read'),
            share: z
              .number()
              .min(0)
              .max(1)
              .meta({ description: 'Of all records', examples: [0.25] }),
            level: z.string().meta({ description: 'The most frequent one', examples: ['ERROR'] }),
            first_seen: TIME,
            last_seen: TIME,
            is_new: z.boolean().meta({
              description: 'No record before the range had it; always false without `from`',
              examples: [false],
            }),
            sample: z.string().meta({
              description: 'The message of one of its records',
              examples: ['Tried to allocate 2.00 GiB'],
            }),
          }),
        ),
        total: COUNT.describe('Records that match'),
        sampled: COUNT.describe('Records that were read'),
        took_ms: TOOK_MS,
      }),
      errors: ['resource_exhausted'],
    },
    async (context, { limit, ...filter }) => {
      const started = performance.now();
      const limits = scanLimits(disconnectSignal(context));
      const patterns = await patternsOf(records, toFilter(filter), limit, limits);
      return { ...patterns, took_ms: tookMs(started) };
    },
  );

  api.getOrPost(
    '/api/v1/logs/stats',
    {
      operationId: 'getRequestStats',
      summary: 'Get statistics of request logs',
      description:
        'Summarizes the entries of request logs in the last hours: response times, slow endpoints and errors.',
      readsRecords: true,
      permission: 'read',
      parameters: {
        hours: describe(wholeNumber(1, 24 * 366, 24), 'The length of the range that ends now, in hours'),
      },
      response: REQUEST_STATS,
      errors: ['resource_exhausted'],
    },
    (context, { hours }) => requestStats(records, hours, scanLimits(disconnectSignal(context))),
  );
}
