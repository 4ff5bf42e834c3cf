import { z } from 'zod';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import type { RouteFamily } from '../../http/api.ts';
import { disconnectSignal } from '../../http/disconnect-signal.ts';
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

const JOB_ID = describe(requiredText, 'The id of the job', '48211');

export function addJobRoutes(api: RouteFamily, options: JobRoutesOptions): void {
  const { clickhouse, store, jobRuns, streams } = options;

  api.get(
    '/api/v1/jobs',
    {
      operationId: 'listJobs',
      summary: 'List jobs',
      description:
        'Returns jobs that SLURM or a record names, also those that have written nothing, the one that changed last first. Send ' +
        '`next_cursor` as `cursor` to get the next page.',
      permission: 'read',
      parameters: {
        state: describe(optionalText, 'Only jobs in this state of SLURM', 'FAILED'),
        user: describe(optionalText, 'Only jobs of this user', 'mira'),
        partition: describe(optionalText, 'Only jobs in this partition', 'gpu'),
        q: describe(optionalText, 'Text in the id, name, user, account, partition or reason', 'llama'),
        from: FILTER.from,
        to: FILTER.to,
        tz: FILTER.tz,
        limit: describe(wholeNumber(1, 1000, 100), 'The most jobs of a page'),
        cursor: describe(optionalText, 'The `next_cursor` of the page before', '1780560930250000.48211'),
      },
      response: z.object({
        jobs: z.array(JOB_SUMMARY),
        next_cursor: z
          .string()
          .nullable()
          .meta({
            description: 'Null on the last page. With a filter, pages before it may be empty',
            examples: ['1780560930250000.48211'],
          }),
      }),
      errors: ['resource_exhausted'],
    },
    async (context, { from, to, tz, ...wanted }) => {
      const limits = queryLimits(disconnectSignal(context));
      const { range } = parseFilter({ from, to }, { now: Date.now(), timezone: tz });
      const milliseconds = (nanos: bigint | undefined) =>
        nanos === undefined ? undefined : Number(nanos / 1_000_000n);
      const between = { from: milliseconds(range.from), to: milliseconds(range.to) };
      const { jobs, nextCursor } = await listJobs(clickhouse, jobRuns, { ...wanted, ...between }, limits);
      return { jobs, next_cursor: nextCursor ?? null };
    },
  );

  api.get(
    '/api/v1/jobs/:job_id',
    {
      operationId: 'getJob',
      summary: 'Get a job',
      description:
        'Returns everything that is known of one job: its attempts, files, ranks and first errors.',
      permission: 'read',
      parameters: {
        job_id: JOB_ID,
        lines: describe(wholeNumber(1, 1000, 200), 'The most lines of each rank, the newest ones'),
      },
      response: JOB,
      errors: ['not_found', 'resource_exhausted'],
    },
    async (context, { job_id, lines }) => {
      const job = await describeJob(
        { clickhouse, store, jobRuns },
        job_id,
        lines,
        queryLimits(disconnectSignal(context)),
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
      operationId: 'streamJobLogs',
      summary: 'Follow the records of a job',
      description: 'Streams the records of one job as server-sent events, as `/api/v1/logs/stream` does.',
      permission: 'read',
      parameters: { job_id: JOB_ID, q: FILTER.q, ...STREAM },
      headers: STREAM_HEADERS,
      events: { ...RECORD_EVENTS, ...streams.notices.events },
      errors: ['rate_limited'],
    },
    (context, { job_id, q, ...past }) =>
      respondWithRecords(context, streams, past, parseFilter({ q, equal: { job_id } })),
  );
}
