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

/** What the records with one `job_id` show. */
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

/** What is known of a job: its runs, oldest first, and its records by the ids that SLURM gave it and its tasks. */
export interface KnownJob {
  readonly job_id: string;
  readonly runs: readonly JobRun[];
  readonly parts: readonly Seen[];
  /** When its runs, or records with its own id, changed last, in milliseconds since 1970. */
  readonly changedMs: number;
}

/** SQL of the time of the newest record, in milliseconds since 1970. */
export const LAST_MS = "toUnixTimestamp64Milli(toDateTime64(max(timestamp), 3, 'UTC'))";
const TIME = "'%Y-%m-%dT%H:%i:%S.%fZ', 'UTC'";

/** Reads the jobs of these ids, in this order. */
export async function readJobs(
  clickhouse: ClickHouse,
  runStore: JobRunStore,
  ids: readonly string[],
  limits: QueryLimits,
): Promise<KnownJob[]> {
  const ofJob = new Map<string, JobRun[]>(ids.map((id) => [id, []]));
  const runs = await runStore.find(ids);
  for (const run of runs) ofJob.get(run.job_id)?.push(run);
  const seen = await readSeen(
    clickhouse,
    [...new Set([...ids, ...runs.map(({ raw_id }) => raw_id)])],
    limits,
  );
  return ids.map((job_id) => {
    const own = ofJob.get(job_id)!;
    const parts = [...new Set([job_id, ...own.map(({ raw_id }) => raw_id)])];
    return {
      job_id,
      runs: own,
      parts: parts.flatMap((part) => seen.get(part) ?? []),
      changedMs: Math.max(seen.get(job_id)?.lastMs ?? 0, ...own.map(lastChange)),
    };
  });
}

function lastChange({ submit, start, end }: JobRun): number {
  return Date.parse([submit, start, end].sort().at(-1)!);
}

export function summaryOf({ job_id, runs, parts }: KnownJob): JobSummary {
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
  const reason = all.find((run) => run.reason !== '')?.reason;
  const text = (name: 'name' | 'user' | 'account' | 'partition' | 'qos') =>
    last && last[name] !== '' ? { [name]: last[name] } : {};
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
    ...(reason !== undefined && { reason }),
    submitted_at: times('submit')[0] ?? null,
    started_at: started,
    ended_at: end,
    elapsed_s: started === null ? null : secondsBetween(started, end ?? new Date().toISOString()),
    gpus: last ? gpusOf(last) : null,
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

type Row = [string, string, string, string[], string[], string[], number, number, string[], number];

async function readSeen(
  clickhouse: ClickHouse,
  ids: readonly string[],
  limits: QueryLimits,
): Promise<ReadonlyMap<string, Seen>> {
  const rows = await clickhouse.query<Row>(
    `SELECT job_id, formatDateTime(toDateTime64(min(timestamp), 3, 'UTC'), ${TIME}),
       formatDateTime(toDateTime64(max(timestamp), 3, 'UTC'), ${TIME}),
       arraySort(groupUniqArrayIf(100)(machine_id, machine_id != '')),
       arraySort(groupUniqArrayIf(1000)(node_id, node_id != '')), arraySort(groupUniqArray(20)(service)),
       count(), countIf(level >= 'error'),
       arrayMap(mark -> mark.2, arraySort(groupArrayIf(50)((seq, message), ${MARK_SQL}))), ${LAST_MS}
     FROM logs WHERE job_id IN {ids:Array(String)} GROUP BY job_id`,
    { ...limits, parameters: { ids } },
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
