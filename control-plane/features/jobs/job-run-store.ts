import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { JobRun } from './parse-accounting.ts';

const COLUMNS = [
  'cluster',
  'job_id',
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
] as const;

/** The table `job_runs`: SLURM's last account of each run, kept longer than SLURM keeps it. */
export class JobRunStore {
  readonly #clickhouse: ClickHouse;
  /** The stored rows as JSON by key, so that only changed ones are written. */
  readonly #written = new Map<string, string>();

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** @param cluster the `machine_id` of the source that the runs come from */
  async add(cluster: string, runs: readonly JobRun[]): Promise<void> {
    const fresh = runs.filter((run) => this.#written.get(keyOf(cluster, run)) !== JSON.stringify(run));
    if (fresh.length === 0) return;
    const updated = Date.now();
    const rows = fresh.map((run) =>
      JSON.stringify(COLUMNS.map((column) => ({ ...run, cluster, updated })[column])),
    );
    await this.#clickhouse.insert('job_runs', COLUMNS, {
      format: 'JSONCompactEachRow',
      pieces: [Buffer.from(rows.join('\n'))],
    });
    this.#written.clear();
    for (const run of runs) this.#written.set(keyOf(cluster, run), JSON.stringify(run));
  }

  /** The runs of jobs, oldest first. A run that waited is replaced by the one that began. */
  async find(jobIds: readonly string[]): Promise<JobRun[]> {
    const rows = await this.#clickhouse.query<(string | string[])[]>(
      `SELECT ${COLUMNS.join(', ')} FROM job_runs FINAL WHERE job_id IN {ids:Array(String)}
       ORDER BY submit, start, array_task_id`,
      { parameters: { ids: jobIds } },
    );
    const runs = rows.map(
      (row) => Object.fromEntries(COLUMNS.map((column, index) => [column, row[index]])) as unknown as JobRun,
    );
    return runs.filter(
      (run) =>
        run.start !== '' ||
        !runs.some(
          (other) =>
            other.start !== '' &&
            other.job_id === run.job_id &&
            other.array_task_id === run.array_task_id &&
            other.submit === run.submit,
        ),
    );
  }
}

function keyOf(cluster: string, { job_id, array_task_id, submit, start }: JobRun): string {
  return JSON.stringify([cluster, job_id, array_task_id, submit, start]);
}
