import { z } from 'zod';
import { COUNT, COUNTS } from '../../http/record-schema.ts';

const MILLISECONDS = z.number().meta({ description: 'Milliseconds', examples: [12.5] });

/** `RequestStats` as a response. */
export const REQUEST_STATS = z.object({
  api_stats: z.object({
    total_requests: COUNT,
    endpoints: COUNTS.meta({ examples: [{ get_services: 42 }] }),
    methods: COUNTS.meta({ examples: [{ GET: 42 }] }),
    status_codes: COUNTS.meta({ examples: [{ 200: 41, 503: 1 }] }),
    avg_response_time: MILLISECONDS,
    p50_response_time: MILLISECONDS.nullable(),
    p95_response_time: MILLISECONDS.nullable(),
    p99_response_time: MILLISECONDS.nullable(),
    response_times: z.array(MILLISECONDS).describe('The newest 1,000, the oldest of them first'),
    slow_endpoints: z
      .array(
        z.object({
          endpoint: z.string().meta({ examples: ['get_services'] }),
          responses: COUNT,
          slow_responses: COUNT.describe('Responses that took more than 5 s'),
          avg: MILLISECONDS,
          p50: MILLISECONDS,
          p95: MILLISECONDS,
          p99: MILLISECONDS,
          max: MILLISECONDS,
        }),
      )
      .describe('The largest p95 first'),
  }),
  error_summary: z.object({
    total_errors: COUNT,
    error_types: COUNTS.meta({ examples: [{ TimeoutError: 1 }] }),
    endpoints_with_errors: COUNTS.meta({ examples: [{ get_services: 1 }] }),
    status_codes: COUNTS.meta({ examples: [{ 503: 1 }] }),
  }),
  timeframe_hours: z.int().meta({ examples: [24] }),
});
