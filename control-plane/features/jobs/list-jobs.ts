import { badRequest } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { QueryLimits } from '../../query/query-limits.ts';
import { MARK_SQL } from './job-marks.ts';
import type { JobRunStore } from './job-run-store.ts';
import { judgeJob } from './judge-job.ts';

/** A job in a list. */
export interface JobSummary {
  readonly job_id: string;
  readonly name?: string;
  readonly user?: string;
  /** SLURM's name of the state; `UNKNOWN` where neither SLURM nor the lines show it. */
  readonly state: string;
  readonly exit_code: string | null;
  /** Time of its first record, RFC 3339. */
  readonly first_seen: string;
  readonly last_seen: string;
  readonly machines: readonly string[];
  readonly nodes: readonly string[];
  readonly services: readonly string[];
  readonly record_count: number;
  readonly error_count: number;
}

/** Jobs that are searched for a state. */
const MAX_JOBS = 10_000;
const TIME = "'%Y-%m-%dT%H:%i:%S.%fZ', 'UTC'";
const LAST_MS = "toUnixTimestamp64Milli(toDateTime64(max(timestamp), 3, 'UTC'))";
const CURSOR = /^(\d{1,14})\.(.{1,256})$/s;

type Row = [string, string, string, string[], string[], string[], number, number, string[], number];

export interface JobPage {
  readonly jobs: readonly JobSummary[];
  /** Cursor of the next page; undefined on the last one. */
  readonly nextCursor: string | undefined;
}

export interface JobsWanted {
  readonly limit: number;
  readonly state?: string | undefined;
  readonly cursor?: string | undefined;
  /** Only this one. */
  readonly jobId?: string;
}

/**
 * Jobs with records, the one with the newest record first. For a state 10,000 jobs are searched at a time, so a page
 * may be empty and yet not the last.
 * @throws LogplaneError `bad_request` for a malformed cursor
 */
export async function listJobs(
  clickhouse: ClickHouse,
  runStore: JobRunStore,
  { limit, state, cursor, jobId }: JobsWanted,
  limits: QueryLimits,
): Promise<JobPage> {
  const max = state === undefined ? limit : MAX_JOBS;
  const behind = cursor === undefined ? undefined : readCursor(cursor);
  const rows = await clickhouse.query<Row>(
    `SELECT job_id, formatDateTime(toDateTime64(min(timestamp), 3, 'UTC'), ${TIME}),
       formatDateTime(toDateTime64(max(timestamp), 3, 'UTC'), ${TIME}),
       arraySort(groupUniqArrayIf(100)(machine_id, machine_id != '')),
       arraySort(groupUniqArrayIf(1000)(node_id, node_id != '')), arraySort(groupUniqArray(20)(service)),
       count(), countIf(level >= 'error'), 
       arrayMap(mark -> mark.2, arraySort(groupArrayIf(50)((seq, message), ${MARK_SQL}))), ${LAST_MS} AS last_ms
     FROM logs WHERE ${jobId === undefined ? "job_id != ''" : 'job_id = {job:String}'}
     GROUP BY job_id ${behind ? 'HAVING (last_ms, job_id) < ({last_ms:Int64}, {last_job:String})' : ''}
     ORDER BY last_ms DESC, job_id DESC LIMIT {max:UInt32}`,
    {
      ...limits,
      parameters: {
        max: max + 1,
        job: jobId ?? '',
        last_ms: behind?.lastMs ?? 0,
        last_job: behind?.jobId ?? '',
      },
    },
  );
  const seen = rows.slice(0, max);
  const runs = await runStore.find(seen.map(([id]) => id));
  const all = seen.map(
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
  const found = all.filter((job) => wanted === undefined || job.state === wanted);
  const jobs = found.slice(0, limit);
  const isLast = found.length <= limit && rows.length <= max;
  const last = found.length > limit ? jobs.at(-1) : all.at(-1);
  const lastRow = seen.find(([id]) => id === last?.job_id);
  return { jobs, nextCursor: isLast || lastRow === undefined ? undefined : writeCursor(lastRow) };
}

function writeCursor(row: Row): string {
  return `${row[9]}.${row[0]}`;
}

function readCursor(cursor: string): { readonly lastMs: number; readonly jobId: string } {
  const [, lastMs, jobId] = CURSOR.exec(cursor) ?? [];
  if (jobId === undefined)
    throw badRequest(`cursor: expected the next_cursor of an earlier response, got "${cursor}"`);
  return { lastMs: Number(lastMs), jobId };
}
