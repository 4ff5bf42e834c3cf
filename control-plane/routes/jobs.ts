import type Router from 'koa-router';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import { leaveSignal } from '../http/leave-signal.ts';
import { optionalText, readParameters, wholeNumber } from '../http/parameters.ts';
import { describeJob } from '../jobs/describe-job.ts';
import type { JobRunStore } from '../jobs/job-run-store.ts';
import { listJobs } from '../jobs/list-jobs.ts';
import { parseFilter } from '../logs/log-filter.ts';
import { queryLimits } from '../logs/query-limits.ts';
import { type LogStreamRoutesOptions, respondWithLogs } from './log-stream.ts';

export interface JobRoutesOptions extends LogStreamRoutesOptions {
  readonly clickhouse: ClickHouse;
  readonly jobRuns: JobRunStore;
}

export function addJobRoutes(router: Router, options: JobRoutesOptions): void {
  const { auth, clickhouse, jobRuns } = options;

  router.get('/api/v1/jobs', auth.require('read'), async (context) => {
    const { state, limit } = readParameters(context, {
      state: optionalText,
      limit: wholeNumber(1, 1000, 100),
    });
    const limits = queryLimits(leaveSignal(context));
    context.body = { jobs: await listJobs(clickhouse, jobRuns, { limit, state }, limits) };
  });

  router.get('/api/v1/jobs/:job_id', auth.require('read'), async (context) => {
    const { lines } = readParameters(context, { lines: wholeNumber(1, 1000, 200) });
    const limits = queryLimits(leaveSignal(context));
    context.body = await describeJob(options, context.params.job_id as string, lines, limits);
  });

  router.get('/api/v1/jobs/:job_id/logs/stream', auth.require('read'), (context) => {
    const { q } = readParameters(context, { q: optionalText });
    const filter = parseFilter({ q, equal: { job_id: context.params.job_id as string } });
    respondWithLogs(context, options, filter);
  });
}
