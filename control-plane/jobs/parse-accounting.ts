import { expandHostlist } from './hostlist.ts';

/** One run of a job, or of a task of an array job, as SLURM accounts for it. A requeued job has several. */
export interface JobRun {
  readonly job_id: string;
  /** '' where the job is no array. */
  readonly array_task_id: string;
  readonly name: string;
  readonly user: string;
  readonly partition: string;
  /** SLURM's own word: `COMPLETED`, `FAILED`, `TIMEOUT`, `OUT_OF_MEMORY`, `RUNNING`, … */
  readonly state: string;
  /** `<exit code>:<signal>`; '' where it is not known yet. */
  readonly exit_code: string;
  /** RFC 3339 UTC; '' where there is none yet. */
  readonly submit: string;
  readonly start: string;
  readonly end: string;
  readonly nodes: readonly string[];
}

/** `TZ=UTC` stands before the command, so times are in UTC. */
export const SACCT_FORMAT = 'JobID,JobName,User,Partition,State,ExitCode,Submit,Start,End,NodeList';
export const SQUEUE_FORMAT = '%i|%j|%u|%P|%T||%V|%S|%e|%N';

/**
 * Reads the lines of `sacct --parsable2 --noheader` or of `squeue --noheader` in the formats above. Steps (`123.0`,
 * `123.batch`) are parts of a run and left out; so is what does not have the form.
 */
export function parseAccounting(text: string): JobRun[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split('|');
    // A job's name may hold the sign that parts the fields.
    while (fields.length > 10) fields.splice(1, 2, `${fields[1]}|${fields[2]}`);
    const [id, name, user, partition, state, exit_code, submit, start, end, nodes] = fields;
    const match = /^(\d+)(?:_(\d+))?$/.exec(id ?? '');
    if (!match || nodes === undefined) return [];
    return {
      job_id: match[1]!,
      array_task_id: match[2] ?? '',
      name: name!,
      user: user!,
      partition: partition!,
      // `CANCELLED by 1000`
      state: state!.split(' ')[0]!,
      exit_code: exit_code!,
      submit: toTime(submit!),
      start: toTime(start!),
      end: toTime(end!),
      nodes: /^(?:\(null\)|None assigned|)$/.test(nodes) ? [] : expandHostlist(nodes),
    };
  });
}

function toTime(text: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? `${text}Z` : '';
}
