import { readJobPath } from '../../../pipeline/ingest/transforms/read-job-path.ts';
import { RANK_PATTERN, rankFromText } from '../../../pipeline/ingest/transforms/read-rank.ts';
import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { formatTimestamp } from '../../../pipeline/record/timestamp.ts';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import type { QueryLimits } from '../../query/query-limits.ts';
import { describeAttempts } from './job-attempts.ts';
import { LAUNCHER_SQL, MARK_SQL, readJobMark } from './job-marks.ts';
import type { JobRun } from './job-run.ts';
import type { JobRunStore } from './job-run-store.ts';
import { type KnownJob, readJobs, summaryOf } from './job-summary.ts';

export interface JobParts {
  readonly clickhouse: ClickHouse;
  readonly store: LogStore;
  readonly jobRuns: JobRunStore;
}

const MAX_MARKS = 1_000;
const MAX_LINES = 50_000;
/** Excludes lines of SLURM's programs, which report the consequence of a failure. */
const OWN_WORDS = `NOT ${LAUNCHER_SQL}`;

/**
 * Describes one job: its lines, files and ranks, its runs, the first error and the rank that failed
 * first.
 * @param lines newest lines of each rank
 * @throws LogplaneError `not_found`
 */
export async function describeJob(
  { clickhouse, store, jobRuns }: JobParts,
  jobId: string,
  lines: number,
  limits: QueryLimits,
) {
  const [known] = (await readJobs(clickhouse, jobRuns, [jobId], limits)) as [KnownJob];
  const { runs } = known;
  const summary = summaryOf(known);
  if (runs.length === 0 && summary.record_count === 0)
    throw new LogplaneError('not_found', `no job has the id "${jobId}"`);

  const parameters = { jobs: [...new Set([jobId, ...runs.map(({ raw_id }) => raw_id)])], ...RANK_PARAMETERS };
  const options = { ...limits, parameters };
  const select = (clauses: string) =>
    store.select(`WHERE job_id IN {jobs:Array(String)} AND ${clauses}`, options);
  const inTime = 'ORDER BY timestamp, seq';
  const [byRank, byFile, marked, [firstError], [firstMark], errors, newest] = await Promise.all([
    clickhouse.query<[string, number, number]>(
      `SELECT ${RANK_SQL}, count(), countIf(level >= 'error') FROM logs WHERE job_id IN {jobs:Array(String)} GROUP BY 1`,
      options,
    ),
    clickhouse.query<[string, string, string, number, number]>(
      `SELECT machine_id, file_path, any(node_id), count(), countIf(level >= 'error') FROM logs
       WHERE job_id IN {jobs:Array(String)} AND file_path != '' GROUP BY machine_id, file_path ORDER BY file_path LIMIT 1000`,
      options,
    ),
    // In the order of the output, because these lines have no time of their own.
    select(`${MARK_SQL} ORDER BY seq LIMIT ${MAX_MARKS}`),
    select(`level >= 'error' AND ${OWN_WORDS} ${inTime} LIMIT 1`),
    select(`level >= 'error' ${inTime} LIMIT 1`),
    select(`level >= 'error' AND ${OWN_WORDS} ${inTime} LIMIT 1 BY ${RANK_SQL}`),
    select(`seq > 0 ORDER BY seq DESC LIMIT ${lines} BY ${RANK_SQL} LIMIT ${MAX_LINES}`),
  ]);
  const marks = marked.flatMap((record) => {
    const mark = readJobMark(record.message);
    return mark ? [{ ...mark, record }] : [];
  });
  const errorOf = new Map(errors.map((record) => [rankOf(record), record]));
  const lastSeq = newest[0]?.seq ?? 0;
  const linesOf = new Map<string, StoredRecord[]>(byRank.map(([rank]) => [rank, []]));
  for (const record of newest.reverse()) linesOf.get(rankOf(record))?.push(record);
  const failed = new Set(marks.flatMap(({ tasks }) => tasks.map(String)));
  const attempts = describeAttempts(runs, marks, summary, lastSeq);
  return {
    ...summary,
    ...slurmFacts(runs.at(-1)),
    known_from: runs.length > 0 ? ('slurm' as const) : ('lines' as const),
    attempts,
    requeues: Math.max(0, ...attempts.map(({ attempt }) => attempt - 1)),
    streams: byFile.map(([machine_id, file_path, node_id, record_count, error_count]) => {
      const { array_task_id, stream, rank } = readJobPath(file_path);
      return { machine_id, file_path, stream, array_task_id, node_id, rank, record_count, error_count };
    }),
    first_error: firstError ?? firstMark ?? null,
    first_failed_rank: firstFailed(errors, failed),
    failed_ranks: [...failed].map(Number).sort((a, b) => a - b),
    ranks: byRank
      .map(([rank, record_count, error_count]) => ({
        // Lines without a rank come from a job with one task, or from its script.
        rank: rank === '' ? null : Number(rank),
        record_count,
        error_count,
        first_error: errorOf.get(rank) ?? null,
        lines: (linesOf.get(rank) ?? []).map(({ timestamp, level, message }) => ({
          timestamp: formatTimestamp(timestamp),
          level: level.toUpperCase(),
          message,
        })),
      }))
      .sort((a, b) => (a.rank ?? -1) - (b.rank ?? -1)),
  };
}

/** What SLURM knows of a run beside what a list shows. */
const FACTS = [
  'cluster',
  'comment',
  'derived_exit_code',
  'submit_line',
  'work_dir',
  'stdout',
  'stderr',
  'requested',
  'allocated',
  'limit_s',
] as const satisfies readonly (keyof JobRun)[];

function slurmFacts(run: JobRun | undefined): {
  [Name in (typeof FACTS)[number]]?: NonNullable<JobRun[Name]>;
} {
  if (!run) return {};
  return Object.fromEntries(
    FACTS.filter((name) => run[name] !== '' && run[name] !== null).map((name) => [name, run[name]]),
  );
}

/** The rank with the earliest error among those that SLURM reported as failed; where it reported none, among all. */
function firstFailed(errors: readonly StoredRecord[], failed: ReadonlySet<string>): number | null {
  const ranked = errors.map(rankOf).filter((rank) => rank !== '');
  const rank = ranked.find((candidate) => failed.has(candidate)) ?? ranked[0] ?? [...failed][0];
  return rank === undefined ? null : Number(rank);
}

/** A record's field `rank`, else the rank that its text begins with; '' where there is none. */
const RANK_SQL =
  "if(match(JSONExtractRaw(attributes, 'rank'), '^\"?[0-9]{1,6}\"?$'), trim(BOTH '\"' FROM JSONExtractRaw(attributes, 'rank')), " +
  'arrayStringConcat(extractGroups(message, {rank_pattern:String})))';

const RANK_PARAMETERS = { rank_pattern: RANK_PATTERN };

/** The same of a record in memory. */
function rankOf({ attributes, message }: StoredRecord): string {
  if (attributes.includes('"rank"')) {
    const { rank } = JSON.parse(attributes) as { rank?: unknown };
    if (/^\d{1,6}$/.test(String(rank))) return String(rank);
  }
  return rankFromText(message);
}
