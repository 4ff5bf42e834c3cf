import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import type { QueryLimits } from '../logs/query-limits.ts';
import { MARK_SQL } from './job-marks.ts';
import type { JobRunStore } from './job-run-store.ts';
import { judgeJob } from './judge-job.ts';

/** A job as it is listed. */
export interface JobSummary {
  readonly job_id: string;
  readonly name?: string;
  readonly user?: string;
  /** SLURM's word; `UNKNOWN` where neither SLURM nor the lines tell. */
  readonly state: string;
  readonly exit_code: string | null;
  /** RFC 3339, times of its first and last record. */
  readonly first_seen: string;
  readonly last_seen: string;
  readonly machines: readonly string[];
  readonly nodes: readonly string[];
  readonly services: readonly string[];
  readonly record_count: number;
  readonly error_count: number;
}

/** Jobs looked through for a state. */
const MOST_JOBS = 10_000;
const TIME = "'%Y-%m-%dT%H:%i:%S.%fZ', 'UTC'";

type Row = [string, string, string, string[], string[], string[], number, number, string[]];

/** Jobs that have records, the one with the newest record first. @param jobId only this one */
export async function listJobs(
  clickhouse: ClickHouse,
  runStore: JobRunStore,
  {
    limit,
    state,
    jobId,
  }: { readonly limit: number; readonly state?: string | undefined; readonly jobId?: string },
  limits: QueryLimits,
): Promise<JobSummary[]> {
  const rows = await clickhouse.query<Row>(
    `SELECT job_id, formatDateTime(toDateTime64(min(timestamp), 3, 'UTC'), ${TIME}),
       formatDateTime(toDateTime64(max(timestamp), 3, 'UTC'), ${TIME}),
       arraySort(groupUniqArrayIf(100)(machine_id, machine_id != '')),
       arraySort(groupUniqArrayIf(1000)(node_id, node_id != '')), arraySort(groupUniqArray(20)(service)),
       count(), countIf(level >= 'error'), 
       arrayMap(mark -> mark.2, arraySort(groupArrayIf(50)((seq, message), ${MARK_SQL})))
     FROM logs WHERE ${jobId === undefined ? "job_id != ''" : 'job_id = {job:String}'}
     GROUP BY job_id ORDER BY max(timestamp) DESC, job_id DESC LIMIT {most:UInt32}`,
    { ...limits, parameters: { most: state === undefined ? limit : MOST_JOBS, job: jobId ?? '' } },
  );
  const runs = await runStore.find(rows.map(([id]) => id));
  const jobs = rows.map(
    ([
      job_id,
      first_seen,
      last_seen,
      machines,
      nodes,
      services,
      record_count,
      error_count,
      marks,
    ]): JobSummary => {
      const ofJob = runs.filter((run) => run.job_id === job_id);
      const { name, user, nodes: given = [] } = ofJob.at(-1) ?? {};
      return {
        job_id,
        ...(name !== undefined && { name }),
        ...(user !== undefined && { user }),
        ...judgeJob(ofJob, marks, Date.parse(last_seen)),
        first_seen,
        last_seen,
        machines,
        nodes: given.length > 0 ? given : nodes,
        services,
        record_count,
        error_count,
      };
    },
  );
  const wanted = state?.toUpperCase();
  return jobs.filter((job) => wanted === undefined || job.state === wanted).slice(0, limit);
}
