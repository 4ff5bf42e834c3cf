import type { LogRecord } from '../live/log-record.ts';

/** A job as `/api/v1/jobs` lists it. */
export interface JobSummary {
  readonly job_id: string;
  readonly name?: string;
  readonly user?: string;
  readonly account?: string;
  readonly partition?: string;
  readonly state: string;
  readonly tasks?: Readonly<Record<string, number>>;
  readonly reason?: string;
  readonly exit_code: string | null;
  readonly submitted_at: string | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly elapsed_s: number | null;
  readonly gpus: number | null;
  readonly first_seen: string | null;
  readonly last_seen: string | null;
  readonly machines: readonly string[];
  readonly nodes: readonly string[];
  readonly services: readonly string[];
  readonly record_count: number;
  readonly error_count: number;
}

export interface JobRank {
  /** Null for the lines that name no rank. */
  readonly rank: number | null;
  readonly record_count: number;
  readonly error_count: number;
  readonly first_error: LogRecord | null;
  readonly lines: readonly { readonly timestamp: string; readonly level: string; readonly message: string }[];
}

/** One job in full. */
export interface Job extends JobSummary {
  readonly submit_line?: string;
  readonly work_dir?: string;
  readonly comment?: string;
  readonly derived_exit_code?: string;
  readonly allocated?: string;
  readonly limit_s?: number;
  readonly attempts: readonly {
    readonly attempt: number;
    readonly array_task_id?: string;
    readonly state: string;
    readonly exit_code: string | null;
    readonly start: string | null;
    readonly end: string | null;
    readonly nodes: readonly string[];
  }[];
  readonly streams: readonly {
    readonly file_path: string;
    readonly stream: string;
    readonly record_count: number;
  }[];
  readonly first_error: LogRecord | null;
  readonly first_failed_rank: number | null;
  readonly failed_ranks: readonly number[];
  readonly ranks: readonly JobRank[];
}

const BAD = ['FAILED', 'OUT_OF_MEMORY', 'TIMEOUT', 'NODE_FAIL', 'BOOT_FAIL', 'DEADLINE'];

export function lookOfState(state: string): string {
  if (BAD.includes(state)) return 'bad';
  if (state === 'COMPLETED') return 'good';
  return state === 'RUNNING' ? '' : 'careful';
}

/** Milliseconds that a job took: by SLURM, else from its first line to its newest. */
export function durationOf({ elapsed_s, first_seen, last_seen }: JobSummary): number | undefined {
  if (elapsed_s !== null) return elapsed_s * 1000;
  return first_seen === null || last_seen === null
    ? undefined
    : Date.parse(last_seen) - Date.parse(first_seen);
}

/** `3 FAILED, 7 COMPLETED` */
export function tasksText(tasks: Readonly<Record<string, number>>): string {
  return Object.entries(tasks)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
}
