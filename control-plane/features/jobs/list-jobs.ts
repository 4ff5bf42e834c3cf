import { badRequest } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { QueryLimits } from '../../query/query-limits.ts';
import { MARK_SQL } from './job-marks.ts';
import { gpusOf, type JobRun } from './job-run.ts';
import type { JobRunStore } from './job-run-store.ts';
import { judgeJob } from './judge-job.ts';

/** A job in a list. */
export interface JobSummary {
  readonly job_id: string;
  readonly name?: string;
  readonly user?: string;
  readonly account?: string;
  readonly partition?: string;
  readonly qos?: string;
  /** SLURM's name of the state; `UNKNOWN` where neither SLURM nor the lines show it. */
  readonly state: string;
  /** Tasks of an array job by state. */
  readonly tasks?: Readonly<Record<string, number>>;
  /** Why it waits. */
  readonly reason?: string;
  readonly exit_code: string | null;
  readonly submitted_at: string | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly elapsed_s: number | null;
  readonly gpus: number | null;
  /** Time of its first record, RFC 3339; null without one. */
  readonly first_seen: string | null;
  readonly last_seen: string | null;
  readonly machines: readonly string[];
  readonly nodes: readonly string[];
  readonly services: readonly string[];
  readonly record_count: number;
  readonly error_count: number;
}

/** Jobs that are searched at a time where not all of them are wanted. */
const MAX_JOBS = 10_000;
const TIME = "'%Y-%m-%dT%H:%i:%S.%fZ', 'UTC'";
const LAST_MS = "toUnixTimestamp64Milli(toDateTime64(max(timestamp), 3, 'UTC'))";
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
  /** Text in the id, name, user, account, partition or comment. */
  readonly q?: string | undefined;
  /** Milliseconds since 1970; jobs that were under way in this time. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly cursor?: string | undefined;
}

/** What the records of a job show. */
interface Seen {
  readonly first: string;
  readonly last: string;
  readonly lastMs: number;
  readonly machines: readonly string[];
  readonly nodes: readonly string[];
  readonly services: readonly string[];
  readonly records: number;
  readonly errors: number;
  readonly marks: readonly string[];
}

interface Position {
  readonly ms: number;
  readonly jobId: string;
}

/**
 * Jobs that SLURM or a record names, the one that changed last first. With a filter 10,000 jobs are searched at a time, so a page may be empty and yet
 * not the last.
 * @throws LogplaneError `bad_request` for a malformed cursor
 */
export async function listJobs(
  clickhouse: ClickHouse,
  runStore: JobRunStore,
  wanted: JobsWanted,
  limits: QueryLimits,
): Promise<JobPage> {
  const { limit, cursor } = wanted;
  const isFiltered = [wanted.state, wanted.user, wanted.partition, wanted.q, wanted.from, wanted.to].some(
    (value) => value !== undefined,
  );
  const max = isFiltered ? MAX_JOBS : limit;
  const before = cursor === undefined ? undefined : readCursor(cursor);
  const [byRun, bySeen] = await Promise.all([
    runStore.newest(max + 1, before),
    readSeen(clickhouse, { max: max + 1, before }, limits),
  ]);
  // A job whose records and whose runs are far apart is found twice; the later place counts.
  const places = new Map<string, number>();
  for (const { jobId, ms } of [
    ...byRun,
    ...Array.from(bySeen, ([jobId, { lastMs }]) => ({ jobId, ms: lastMs })),
  ])
    places.set(jobId, Math.max(ms, places.get(jobId) ?? 0));
  const tasks = await runStore.tasks([...bySeen.keys()]);
  for (const id of tasks.keys()) places.delete(id);
  const order = Array.from(places, ([jobId, ms]) => ({ ms, jobId }))
    .sort(comparePositions)
    .slice(0, max + 1);
  const shown = order.slice(0, max);
  const all = await summarize(
    clickhouse,
    runStore,
    shown.map(({ jobId }) => jobId),
    limits,
  );
  const later = before ? await laterThan(clickhouse, runStore, shown, before, limits) : new Set<string>();
  const found = all.filter((job) => !later.has(job.job_id) && isWanted(job, wanted));
  const jobs = found.slice(0, limit);
  const isLast = found.length <= limit && order.length <= max;
  const last = found.length > limit ? jobs.at(-1)?.job_id : shown.at(-1)?.jobId;
  const end = shown.find(({ jobId }) => jobId === last);
  return { jobs, nextCursor: isLast || end === undefined ? undefined : `${end.ms}.${end.jobId}` };
}

/** Jobs of a page that stood on an earlier one already, because their records or their runs are later than this page. */
async function laterThan(
  clickhouse: ClickHouse,
  runStore: JobRunStore,
  shown: readonly Position[],
  before: Position,
  limits: QueryLimits,
): Promise<ReadonlySet<string>> {
  const ids = shown.map(({ jobId }) => jobId);
  const [seen, runs] = await Promise.all([readSeen(clickhouse, { ids }, limits), runStore.find(ids)]);
  return new Set(
    ids.filter((jobId) => {
      const times = runs.filter((run) => run.job_id === jobId).map((run) => Date.parse(lastChange(run)));
      const ms = Math.max(seen.get(jobId)?.lastMs ?? 0, ...times);
      return comparePositions({ ms, jobId }, before) <= 0;
    }),
  );
}

function lastChange({ submit, start, end }: JobRun): string {
  return [submit, start, end].sort().at(-1)!;
}

/** The jobs of these ids, in this order. */
export async function summarize(
  clickhouse: ClickHouse,
  runStore: JobRunStore,
  ids: readonly string[],
  limits: QueryLimits,
): Promise<JobSummary[]> {
  const runs = await runStore.find(ids);
  const ofJob = new Map<string, JobRun[]>(ids.map((id) => [id, []]));
  for (const run of runs) ofJob.get(run.job_id)?.push(run);
  const rawIds = runs.filter(({ raw_id, job_id }) => raw_id !== job_id).map(({ raw_id }) => raw_id);
  const seen = await readSeen(clickhouse, { ids: [...new Set([...ids, ...rawIds])] }, limits);
  return ids.map((id) => {
    const own = ofJob.get(id)!;
    const parts = [...new Set([id, ...own.map(({ raw_id }) => raw_id)])].flatMap(
      (part) => seen.get(part) ?? [],
    );
    return summaryOf(id, own, parts);
  });
}

function summaryOf(job_id: string, runs: readonly JobRun[], parts: readonly Seen[]): JobSummary {
  const latest = new Map(runs.map((run) => [run.array_task_id, run]));
  const last = runs.at(-1);
  const all = [...latest.values()];
  const times = (name: 'submit' | 'start' | 'end') =>
    all
      .map((run) => run[name])
      .filter((time) => time !== '')
      .sort();
  const ended = all.length > 0 && all.every(({ end }) => end !== '');
  const started = times('start')[0] ?? null;
  const end = ended ? times('end').at(-1)! : null;
  const list = (name: 'machines' | 'nodes' | 'services') =>
    [...new Set(parts.flatMap((part) => part[name]))].sort();
  const nodes = [...new Set(all.flatMap((run) => run.nodes))];
  const first = parts.map((part) => part.first).sort()[0] ?? null;
  const lastSeen =
    parts
      .map((part) => part.last)
      .sort()
      .at(-1) ?? null;
  const states = new Map<string, number>();
  for (const { state } of all) states.set(state, (states.get(state) ?? 0) + 1);
  const text = (name: 'name' | 'user' | 'account' | 'partition' | 'qos') =>
    last && last[name] !== '' ? { [name]: last[name] } : {};
  const gpus = last ? gpusOf(last) : null;
  return {
    job_id,
    ...text('name'),
    ...text('user'),
    ...text('account'),
    ...text('partition'),
    ...text('qos'),
    ...judgeJob(
      runs,
      parts.flatMap(({ marks }) => marks),
      Date.parse(lastSeen ?? ''),
    ),
    ...(all.length > 1 && { tasks: Object.fromEntries(states) }),
    ...(all.some(({ reason }) => reason !== '') && {
      reason: all.find(({ reason }) => reason !== '')!.reason,
    }),
    submitted_at: times('submit')[0] ?? null,
    started_at: started,
    ended_at: end,
    elapsed_s: started === null ? null : secondsBetween(started, end ?? new Date().toISOString()),
    gpus,
    first_seen: first,
    last_seen: lastSeen,
    machines: list('machines'),
    nodes: nodes.length > 0 ? nodes : list('nodes'),
    services: list('services'),
    record_count: parts.reduce((sum, part) => sum + part.records, 0),
    error_count: parts.reduce((sum, part) => sum + part.errors, 0),
  };
}

function secondsBetween(start: string, end: string): number {
  return Math.max(0, Math.round((Date.parse(end) - Date.parse(start)) / 1000));
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

type Row = [string, string, string, string[], string[], string[], number, number, string[], number];

async function readSeen(
  clickhouse: ClickHouse,
  wanted:
    | { readonly ids: readonly string[] }
    | { readonly max: number; readonly before: Position | undefined },
  limits: QueryLimits,
): Promise<Map<string, Seen>> {
  const ids = 'ids' in wanted ? wanted.ids : undefined;
  const before = 'ids' in wanted ? undefined : wanted.before;
  const rows = await clickhouse.query<Row>(
    `SELECT job_id, formatDateTime(toDateTime64(min(timestamp), 3, 'UTC'), ${TIME}),
       formatDateTime(toDateTime64(max(timestamp), 3, 'UTC'), ${TIME}),
       arraySort(groupUniqArrayIf(100)(machine_id, machine_id != '')),
       arraySort(groupUniqArrayIf(1000)(node_id, node_id != '')), arraySort(groupUniqArray(20)(service)),
       count(), countIf(level >= 'error'),
       arrayMap(mark -> mark.2, arraySort(groupArrayIf(50)((seq, message), ${MARK_SQL}))), ${LAST_MS} AS last_ms
     FROM logs WHERE ${ids ? 'job_id IN {ids:Array(String)}' : "job_id != ''"}
     GROUP BY job_id ${before ? 'HAVING (last_ms, job_id) < ({last_ms:Int64}, {last_job:String})' : ''}
     ORDER BY last_ms DESC, job_id DESC LIMIT {max:UInt32}`,
    {
      ...limits,
      parameters: {
        max: 'ids' in wanted ? Math.max(1, wanted.ids.length) : wanted.max,
        ids: ids ?? [],
        last_ms: before?.ms ?? 0,
        last_job: before?.jobId ?? '',
      },
    },
  );
  return new Map(
    rows.map(([id, first, last, machines, nodes, services, records, errors, marks, lastMs]) => [
      id,
      {
        first,
        last,
        lastMs: Number(lastMs),
        machines,
        nodes,
        services,
        records: Number(records),
        errors: Number(errors),
        marks,
      },
    ]),
  );
}

/** The later one first. */
function comparePositions(a: Position, b: Position): number {
  if (a.ms !== b.ms) return b.ms - a.ms;
  return a.jobId < b.jobId ? 1 : a.jobId > b.jobId ? -1 : 0;
}

function readCursor(cursor: string): Position {
  const [, ms, jobId] = CURSOR.exec(cursor) ?? [];
  if (jobId === undefined)
    throw badRequest(`cursor: expected the next_cursor of an earlier response, got "${cursor}"`);
  return { ms: Number(ms), jobId };
}
