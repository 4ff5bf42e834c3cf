import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import { formatTimestamp } from '../../../pipeline/record/timestamp.ts';
import type { JobMark } from './job-marks.ts';
import type { JobRun } from './job-run.ts';
import type { JobSummary } from './job-summary.ts';

export interface JobAttempt {
  /** Number of the attempt, from 1; counted for each array task separately. */
  readonly attempt: number;
  readonly array_task_id?: string;
  readonly state: string;
  readonly exit_code: string | null;
  /** RFC 3339; null where it is not known. */
  readonly start: string | null;
  readonly end: string | null;
  readonly nodes: readonly string[];
}

/** The runs of a job, oldest first: from SLURM's accounts, else from its output, which requeues divide. */
export function describeAttempts(
  runs: readonly JobRun[],
  marks: readonly (JobMark & { readonly record: StoredRecord })[],
  summary: JobSummary,
  lastSeq: number,
): JobAttempt[] {
  if (runs.length > 0) {
    const counts = new Map<string, number>();
    return runs.map(({ array_task_id, state, exit_code, start, end, nodes }) => {
      const attempt = (counts.get(array_task_id) ?? 0) + 1;
      counts.set(array_task_id, attempt);
      return {
        attempt,
        ...(array_task_id !== '' && { array_task_id }),
        state,
        exit_code: exit_code || null,
        start: start || null,
        end: end || null,
        nodes,
      };
    });
  }
  const ends = marks.filter(({ requeued }) => requeued);
  const attempts: JobAttempt[] = [];
  if (summary.first_seen === null) return [];
  let start = summary.first_seen;
  for (const { state, node, record } of ends) {
    const end = formatTimestamp(record.timestamp);
    attempts.push({
      attempt: attempts.length + 1,
      state,
      exit_code: null,
      start,
      end,
      nodes: node ? [node] : [],
    });
    start = end;
  }
  // Without lines after the last requeue the job waits, or is not synced yet.
  if (attempts.length === 0 || lastSeq > ends.at(-1)!.record.seq) {
    const { state, exit_code, nodes, last_seen: end } = summary;
    attempts.push({ attempt: attempts.length + 1, state, exit_code, start, end, nodes });
  }
  return attempts;
}
