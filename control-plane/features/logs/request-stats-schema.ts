import { z } from 'zod';
import { COUNTS } from '../../http/record-schema.ts';

const MILLISECONDS = z.number().describe('Milliseconds');

/** `RequestStats` as an answer. */
export const REQUEST_STATS = z.object({
  api_stats: z.object({
    total_requests: z.int(),
    endpoints: COUNTS,
    methods: COUNTS,
    status_codes: COUNTS,
    avg_response_time: MILLISECONDS,
    p50_response_time: MILLISECONDS.nullable(),
    p95_response_time: MILLISECONDS.nullable(),
    p99_response_time: MILLISECONDS.nullable(),
    response_times: z.array(z.number()).describe('The newest 1,000, oldest first'),
    slow_endpoints: z
      .array(
        z.object({
          endpoint: z.string(),
          responses: z.int(),
          slow_responses: z.int().describe('Those of more than 5 s'),
          avg: MILLISECONDS,
          p50: MILLISECONDS,
          p95: MILLISECONDS,
          p99: MILLISECONDS,
          max: MILLISECONDS,
        }),
      )
      .describe('The slowest by p95 first'),
  }),
  error_summary: z.object({
    total_errors: z.int(),
    error_types: COUNTS,
    endpoints_with_errors: COUNTS,
    status_codes: COUNTS,
  }),
  timeframe_hours: z.int(),
});
