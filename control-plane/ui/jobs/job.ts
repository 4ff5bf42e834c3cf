import type { LogRecord } from '../live/log-record.ts';

/** A job as `/api/v1/jobs` lists it. */
export interface JobSummary {
  readonly job_id: string;
  readonly name?: string;
  readonly user?: string;
  readonly state: string;
  readonly exit_code: string | null;
  readonly first_seen: string;
  readonly last_seen: string;
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
  readonly partition?: string;
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
