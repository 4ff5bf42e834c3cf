import { z } from 'zod';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import type { RouteFamily } from '../../http/api.ts';
import { leaveSignal } from '../../http/leave-signal.ts';
import { describe, optionalText, requiredText, wholeNumber } from '../../http/parameters.ts';
import { FILTER } from '../../http/record-parameters.ts';
import { answerRecord } from '../../http/record-schema.ts';
import {
  RECORD_EVENTS,
  type RecordStreams,
  respondWithRecords,
  STREAM,
  STREAM_HEADERS,
} from '../../http/record-stream.ts';
import { parseFilter } from '../../query/log-filter.ts';
import { queryLimits } from '../../query/query-limits.ts';
import { describeJob } from './describe-job.ts';
import type { JobRunStore } from './job-run-store.ts';
import { listJobs } from './list-jobs.ts';
import { JOB, JOB_SUMMARY } from './schema.ts';

export interface JobRoutesOptions {
  readonly streams: RecordStreams;
  readonly clickhouse: ClickHouse;
  readonly store: LogStore;
  readonly jobRuns: JobRunStore;
}

export function addJobRoutes(api: RouteFamily, options: JobRoutesOptions): void {
  const { clickhouse, store, jobRuns, streams } = options;

  api.get(
    '/api/v1/jobs',
    {
      summary: 'Jobs, the one with the newest record first',
      right: 'read',
      parameters: {
        state: describe(optionalText, "SLURM's word, as `FAILED`"),
        limit: describe(wholeNumber(1, 1000, 100), 'How many'),
        cursor: describe(optionalText, 'The `next_cursor` of the page before'),
      },
      answer: z.object({
        jobs: z.array(JOB_SUMMARY),
        next_cursor: z
          .string()
          .nullable()
          .describe('Null on the last page; a page of jobs in one state may be empty before that'),
      }),
      errors: ['too_costly'],
    },
    async (context, wanted) => {
      const limits = queryLimits(leaveSignal(context));
      const { jobs, nextCursor } = await listJobs(clickhouse, jobRuns, wanted, limits);
      return { jobs, next_cursor: nextCursor ?? null };
    },
  );

  api.get(
    '/api/v1/jobs/:job_id',
    {
      summary: 'Everything that is known of one job',
      right: 'read',
      parameters: {
        job_id: requiredText,
        lines: describe(wholeNumber(1, 1000, 200), 'Newest lines of each rank'),
      },
      answer: JOB,
      errors: ['not_found', 'too_costly'],
    },
    async (context, { job_id, lines }) => {
      const job = await describeJob(
        { clickhouse, store, jobRuns },
        job_id,
        lines,
        queryLimits(leaveSignal(context)),
      );
      return {
        ...job,
        first_error: job.first_error && answerRecord(job.first_error),
        ranks: job.ranks.map((rank) => ({
          ...rank,
          first_error: rank.first_error && answerRecord(rank.first_error),
        })),
      };
    },
  );

  api.get(
    '/api/v1/jobs/:job_id/logs/stream',
    {
      summary: 'Records of one job as they arrive',
      right: 'read',
      parameters: { job_id: requiredText, q: FILTER.q, ...STREAM },
      headers: STREAM_HEADERS,
      events: { ...RECORD_EVENTS, ...streams.notices.events },
      errors: ['too_many'],
    },
    (context, { job_id, q, ...past }) =>
      respondWithRecords(context, streams, past, parseFilter({ q, equal: { job_id } })),
  );
}
