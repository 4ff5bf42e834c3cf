import type { ClickHouse, QueryParameters } from '../../../pipeline/store/clickhouse.ts';
import type { JobRun } from './job-run.ts';

const COLUMNS = [
  'cluster',
  'job_id',
  'raw_id',
  'array_task_id',
  'submit',
  'start',
  'updated',
  'name',
  'user',
  'partition',
  'state',
  'exit_code',
  'end',
  'nodes',
  'facts',
] as const;

/** The members of a run that the column `facts` holds, as they are of a run that an earlier version stored. */
const NO_FACTS = {
  account: '',
  qos: '',
  reason: '',
  derived_exit_code: '',
  limit_s: null,
  requested: '',
  allocated: '',
  comment: '',
  submit_line: '',
  work_dir: '',
  stdout: '',
  stderr: '',
} satisfies Partial<JobRun>;
const FACTS = Object.keys(NO_FACTS) as readonly (keyof typeof NO_FACTS)[];

/** SQL of the time of a run's last change that SLURM names, in milliseconds since 1970. */
const RUN_MS =
  "toUnixTimestamp64Milli(toDateTime64(parseDateTimeBestEffortOrZero(greatest(submit, start, end)), 3, 'UTC'))";

/** Where a job stands in a list: when it changed last, in milliseconds since 1970, and its id. */
export interface JobPosition {
  readonly ms: number;
  readonly jobId: string;
}

/** The table `job_runs`: SLURM's last account of each run, kept longer than SLURM keeps it. */
export class JobRunStore {
  readonly #clickhouse: ClickHouse;
  /** The stored rows as JSON by key, so that only changed ones are written. */
  readonly #written = new Map<string, string>();

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /**
   * @param host the `machine_id` of the source that the runs come from; the cluster where SLURM names none
   * @returns whether any of them is new or has changed
   */
  async add(host: string, runs: readonly JobRun[]): Promise<boolean> {
    const named = runs.find(({ cluster }) => cluster !== '')?.cluster ?? host;
    const rows = runs.map((run) => ({ ...run, cluster: run.cluster || named }));
    const fresh = rows.filter((run) => this.#written.get(keyOf(run)) !== JSON.stringify(run));
    if (fresh.length === 0) return false;
    const updated = Date.now();
    const lines = fresh.map((run) => {
      const facts = JSON.stringify(Object.fromEntries(FACTS.map((name) => [name, run[name]])));
      return JSON.stringify(COLUMNS.map((column) => ({ ...run, updated, facts })[column]));
    });
    await this.#clickhouse.insert('job_runs', COLUMNS, {
      format: 'JSONCompactEachRow',
      pieces: [Buffer.from(lines.join('\n'))],
    });
    this.#written.clear();
    for (const run of rows) this.#written.set(keyOf(run), JSON.stringify(run));
    return true;
  }

  /** The runs of jobs, oldest first. A run that waited is replaced by the one that began. */
  find(jobIds: readonly string[]): Promise<JobRun[]> {
    return this.#select('job_id IN {ids:Array(String)}', { ids: jobIds });
  }

  /** The runs that were submitted last. */
  latest(limit: number): Promise<JobRun[]> {
    return this.#select(
      `(submit, job_id) IN (SELECT submit, job_id FROM job_runs ORDER BY submit DESC LIMIT ${limit})`,
      {},
    );
  }

  /** Numbers that SLURM gave tasks of array jobs alone, among these ids, with the id of their job. */
  async tasks(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#clickhouse.query<[string, string]>(
      "SELECT DISTINCT raw_id, job_id FROM job_runs WHERE raw_id IN {ids:Array(String)} AND raw_id != job_id AND array_task_id != ''",
      { parameters: { ids } },
    );
    return new Map(rows);
  }

  /** Ids of the jobs that SLURM changed last, the newest first. */
  async newest(limit: number, before: JobPosition | undefined): Promise<JobPosition[]> {
    const rows = await this.#clickhouse.query<[string, number]>(
      `SELECT job_id, max(${RUN_MS}) AS ms FROM job_runs FINAL GROUP BY job_id
       ${before ? 'HAVING (ms, job_id) < ({ms:Int64}, {job:String})' : ''} ORDER BY ms DESC, job_id DESC LIMIT {limit:UInt32}`,
      { parameters: { limit, ms: before?.ms ?? 0, job: before?.jobId ?? '' } },
    );
    return rows.map(([jobId, ms]) => ({ jobId, ms: Number(ms) }));
  }

  async #select(where: string, parameters: QueryParameters): Promise<JobRun[]> {
    const rows = await this.#clickhouse.query<(string | string[])[]>(
      `SELECT ${COLUMNS.join(', ')} FROM job_runs FINAL WHERE ${where} ORDER BY submit, start, array_task_id, updated`,
      { parameters },
    );
    const runs = new Map<string, JobRun>();
    for (const row of rows) {
      const {
        facts,
        updated: _,
        ...run
      } = Object.fromEntries(COLUMNS.map((column, index) => [column, row[index]])) as unknown as JobRun & {
        facts: string;
        updated: number;
      };
      // An earlier version took the host of the logs for the cluster: the row that was written last is the one to keep.
      runs.set(JSON.stringify([run.job_id, run.array_task_id, run.submit, run.start]), {
        ...NO_FACTS,
        ...run,
        raw_id: run.raw_id || run.job_id,
        ...(JSON.parse(facts) as object),
      });
    }
    const all = [...runs.values()];
    const begun = new Set(all.filter(({ start }) => start !== '').map(attemptOf));
    return all.filter((run) => run.start !== '' || !begun.has(attemptOf(run)));
  }
}

function attemptOf({ job_id, array_task_id, submit }: JobRun): string {
  return JSON.stringify([job_id, array_task_id, submit]);
}

function keyOf({ cluster, job_id, array_task_id, submit, start }: JobRun): string {
  return JSON.stringify([cluster, job_id, array_task_id, submit, start]);
}
