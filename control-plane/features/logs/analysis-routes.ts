import { z } from 'zod';
import type { RecordTable } from '../../../pipeline/store/sql.ts';
import type { RouteFamily } from '../../http/api.ts';
import { leaveSignal } from '../../http/leave-signal.ts';
import { describe, optionalText, textList, wholeNumber } from '../../http/parameters.ts';
import { FILTER, INTERVAL, toFilter } from '../../http/record-parameters.ts';
import { COUNTS, TIME, TOOK_MS, tookMs } from '../../http/record-schema.ts';
import { readGroupFields } from '../../query/group-field.ts';
import { scanLimits } from '../../query/query-limits.ts';
import { facetsOf } from './facets.ts';
import { histogramOf } from './histogram.ts';
import { patternsOf } from './patterns.ts';
import { requestStats } from './request-stats.ts';
import { REQUEST_STATS } from './request-stats-schema.ts';

/** The fields of facets that are not told which: those that a person chooses by. */
const USUAL_FACETS = ['level', 'service', 'machine_id', 'source', 'file_path'];

/** What can be told about many records at once. */
export function addLogAnalysisRoutes(api: RouteFamily, records: RecordTable): void {
  api.getOrPost(
    '/api/v1/logs/histogram',
    {
      summary: 'Records over time',
      readsRecords: true,
      right: 'read',
      parameters: {
        ...FILTER,
        interval: INTERVAL,
        by: describe(optionalText, 'A field whose values are counted apart'),
      },
      answer: z.object({
        interval: z.string(),
        buckets: z.array(
          z.object({
            timestamp: TIME,
            total: z.int(),
            counts: COUNTS.describe('The 50 most frequent values of the field'),
          }),
        ),
        took_ms: TOOK_MS,
      }),
      errors: ['too_costly'],
    },
    async (context, { interval, by, ...filter }) => {
      const started = performance.now();
      const now = Date.now();
      const [field] = readGroupFields('by', by === undefined ? [] : [by]);
      const request = { filter: toFilter(filter, now), interval, by: field, now };
      const histogram = await histogramOf(records, request, scanLimits(leaveSignal(context)));
      return { ...histogram, took_ms: tookMs(started) };
    },
  );

  api.getOrPost(
    '/api/v1/logs/facets',
    {
      summary: 'The most frequent values of fields',
      readsRecords: true,
      right: 'read',
      parameters: {
        ...FILTER,
        fields: describe(textList(16), `Which ones; ${USUAL_FACETS.join(', ')} where not told`),
        limit: describe(wholeNumber(1, 1000, 100), 'Values of each'),
      },
      answer: z.object({
        facets: z.record(z.string(), z.array(z.object({ value: z.string(), count: z.int() }))),
        took_ms: TOOK_MS,
      }),
      errors: ['too_costly'],
    },
    async (context, { fields, limit, ...filter }) => {
      const started = performance.now();
      const groups = readGroupFields('fields', fields.length === 0 ? USUAL_FACETS : [...new Set(fields)]);
      const limits = scanLimits(leaveSignal(context));
      const facets = await facetsOf(records, toFilter(filter), groups, limit, limits);
      return { facets, took_ms: tookMs(started) };
    },
  );

  api.getOrPost(
    '/api/v1/logs/patterns',
    {
      summary: 'Messages grouped by their shape',
      readsRecords: true,
      right: 'read',
      parameters: { ...FILTER, limit: describe(wholeNumber(1, 200, 50), 'Patterns to give') },
      answer: z.object({
        patterns: z.array(
          z.object({
            pattern: z.string(),
            count: z.int().describe('Scaled up where only a sample was looked at'),
            share: z.number().min(0).max(1),
            level: z.string().describe('The most frequent one'),
            first_seen: TIME,
            last_seen: TIME,
            is_new: z.boolean().describe('No record had it before the range; never without `from`'),
            sample: z.string(),
          }),
        ),
        total: z.int(),
        sampled: z.int().describe('Records that were looked at'),
        took_ms: TOOK_MS,
      }),
      errors: ['too_costly'],
    },
    async (context, { limit, ...filter }) => {
      const started = performance.now();
      const limits = scanLimits(leaveSignal(context));
      const patterns = await patternsOf(records, toFilter(filter), limit, limits);
      return { ...patterns, took_ms: tookMs(started) };
    },
  );

  api.getOrPost(
    '/api/v1/logs/stats',
    {
      summary: 'What the request logs of the last hours tell',
      readsRecords: true,
      right: 'read',
      parameters: { hours: describe(wholeNumber(1, 24 * 366, 24), 'How many hours') },
      answer: REQUEST_STATS,
      errors: ['too_costly'],
    },
    (context, { hours }) => requestStats(records, hours, scanLimits(leaveSignal(context))),
  );
}
