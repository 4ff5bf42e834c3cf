import { badRequest } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { QueryLimits } from '../../query/query-limits.ts';
import type { JobPosition, JobRunStore } from './job-run-store.ts';
import { type JobSummary, LAST_MS, readJobs, summaryOf } from './job-summary.ts';

/** Jobs that are searched at a time where not all of them are wanted. */
const MAX_JOBS = 10_000;
const CURSOR = /^(\d{1,14})\.(.{1,256})$/s;

export interface JobPage {
  readonly jobs: readonly JobSummary[];
  /** Cursor of the next page; undefined on the last one. */
  readonly nextCursor: string | undefined;
}

export interface JobsWanted {
  readonly limit: number;
  readonly state?: string | undefined;
  readonly user?: string | undefined;
  readonly partition?: string | undefined;
  /** Text in the id, name, user, account, partition or reason. */
  readonly q?: string | undefined;
  /** Milliseconds since 1970; jobs that were under way in this time. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly cursor?: string | undefined;
}

/**
 * Jobs that SLURM or a record names, the one that changed last first. With a filter 10,000 jobs are searched at a time, so a page may be
 * empty and yet not the last.
 * @throws LogplaneError `bad_request` for a malformed cursor
 */
export async function listJobs(
  clickhouse: ClickHouse,
  runStore: JobRunStore,
  wanted: JobsWanted,
  limits: QueryLimits,
): Promise<JobPage> {
  const { limit, cursor, ...filter } = wanted;
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const max = isFiltered ? MAX_JOBS : limit;
  const before = cursor === undefined ? undefined : readCursor(cursor);
  const [byRun, byRecord] = await Promise.all([
    runStore.newest(max + 1, before),
    newestByRecord(clickhouse, max + 1, before, limits),
  ]);
  const changed = new Map<string, number>();
  for (const { jobId, ms } of [...byRun, ...byRecord])
    changed.set(jobId, Math.max(ms, changed.get(jobId) ?? 0));
  // Records with the number of a task are those of its array.
  const tasks = await runStore.tasks(byRecord.map(({ jobId }) => jobId));
  for (const id of tasks.keys()) changed.delete(id);
  const order = Array.from(changed, ([jobId, ms]) => ({ ms, jobId })).sort(comparePositions);
  const shown = order.slice(0, max);
  const known = await readJobs(
    clickhouse,
    runStore,
    shown.map(({ jobId }) => jobId),
    limits,
  );
  // A job whose runs or records are later than this page stood on an earlier one already.
  const isNew = ({ changedMs: ms, job_id: jobId }: (typeof known)[number]) =>
    !before || comparePositions({ ms, jobId }, before) > 0;
  const found = known
    .filter(isNew)
    .map(summaryOf)
    .filter((job) => isWanted(job, wanted));
  const jobs = found.slice(0, limit);
  const isLast = found.length <= limit && order.length <= max;
  const last = found.length > limit ? jobs.at(-1)?.job_id : shown.at(-1)?.jobId;
  const end = shown.find(({ jobId }) => jobId === last);
  return { jobs, nextCursor: isLast || end === undefined ? undefined : `${end.ms}.${end.jobId}` };
}

/** The jobs with the newest records, the newest first. */
async function newestByRecord(
  clickhouse: ClickHouse,
  limit: number,
  before: JobPosition | undefined,
  limits: QueryLimits,
): Promise<JobPosition[]> {
  const rows = await clickhouse.query<[string, number]>(
    `SELECT job_id, ${LAST_MS} AS last_ms FROM logs WHERE job_id != '' GROUP BY job_id
     ${before ? 'HAVING (last_ms, job_id) < ({last_ms:Int64}, {last_job:String})' : ''}
     ORDER BY last_ms DESC, job_id DESC LIMIT {limit:UInt32}`,
    { ...limits, parameters: { limit, last_ms: before?.ms ?? 0, last_job: before?.jobId ?? '' } },
  );
  return rows.map(([jobId, ms]) => ({ jobId, ms: Number(ms) }));
}

function isWanted(job: JobSummary, { state, user, partition, q, from, to }: JobsWanted): boolean {
  const names = [job.job_id, job.name, job.user, job.account, job.partition, job.reason];
  const begin = Date.parse(job.submitted_at ?? job.first_seen ?? '');
  const end = Date.parse(job.ended_at ?? job.last_seen ?? '');
  const isOver = job.ended_at !== null || job.submitted_at === null;
  return (
    (state === undefined ||
      job.state === state.toUpperCase() ||
      job.tasks?.[state.toUpperCase()] !== undefined) &&
    (user === undefined || job.user === user) &&
    (partition === undefined || job.partition === partition) &&
    (q === undefined || names.some((name) => name?.toLowerCase().includes(q.toLowerCase()))) &&
    (to === undefined || begin < to) &&
    (from === undefined || !isOver || end >= from)
  );
}

/** The later one first. */
function comparePositions(a: JobPosition, b: JobPosition): number {
  if (a.ms !== b.ms) return b.ms - a.ms;
  return a.jobId < b.jobId ? 1 : a.jobId > b.jobId ? -1 : 0;
}

function readCursor(cursor: string): JobPosition {
  const [, ms, jobId] = CURSOR.exec(cursor) ?? [];
  if (jobId === undefined)
    throw badRequest(`cursor: expected the next_cursor of an earlier response, got "${cursor}"`);
  return { ms: Number(ms), jobId };
}
