/** One run of a job, of a task of an array job, or of a component of a heterogeneous one, as SLURM knows it. A requeued job has several. */
export interface JobRun {
  readonly job_id: string;
  /** The number that SLURM gave this task alone: the `%j` of its files. */
  readonly raw_id: string;
  /** `3` of an array job, `+1` of a heterogeneous one; '' of any other and of the first component. */
  readonly array_task_id: string;
  /** SLURM's name of the cluster; '' where only the queue was read. */
  readonly cluster: string;
  readonly name: string;
  readonly user: string;
  readonly account: string;
  readonly partition: string;
  readonly qos: string;
  /** SLURM's name of the state: `COMPLETED`, `FAILED`, `TIMEOUT`, `OUT_OF_MEMORY`, `RUNNING`, … */
  readonly state: string;
  /** Why it waits, or ended: `Dependency`, `JobHeldUser`, `NonZeroExitCode`; '' where SLURM gives none. */
  readonly reason: string;
  /** `<exit code>:<signal>`; '' where it is not known yet. */
  readonly exit_code: string;
  /** The worst exit code of its steps. */
  readonly derived_exit_code: string;
  /** RFC 3339 UTC; '' where there is none yet. */
  readonly submit: string;
  readonly start: string;
  readonly end: string;
  /** Seconds; null where it is not known. */
  readonly limit_s: number | null;
  readonly nodes: readonly string[];
  /** `cpu=4,gres/gpu=2,mem=400M,node=1` */
  readonly requested: string;
  readonly allocated: string;
  readonly comment: string;
  readonly submit_line: string;
  readonly work_dir: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** GPUs in a list of trackable resources; null where it names none. */
export function gpusOf({ allocated, requested }: Pick<JobRun, 'allocated' | 'requested'>): number | null {
  const found = /(?:^|,)gres\/gpu=(\d+)/.exec(allocated) ?? /(?:^|,)(?:gres\/)?gpu[=:](\d+)/.exec(requested);
  return found ? Number(found[1]) : null;
}
