import { expandHostlist, expandTasks } from './slurm-lists.ts';

/** One run of a job, or of a task of an array job, in SLURM's accounts. A requeued job has several. */
export interface JobRun {
  readonly job_id: string;
  /** '' where the job is no array. */
  readonly array_task_id: string;
  readonly name: string;
  readonly user: string;
  readonly partition: string;
  /** SLURM's name of the state: `COMPLETED`, `FAILED`, `TIMEOUT`, `OUT_OF_MEMORY`, `RUNNING`, … */
  readonly state: string;
  /** `<exit code>:<signal>`; '' where it is not known yet. */
  readonly exit_code: string;
  /** RFC 3339 UTC; '' where there is none yet. */
  readonly submit: string;
  readonly start: string;
  readonly end: string;
  readonly nodes: readonly string[];
}

/** Times are in UTC, because the command runs with `TZ=UTC`. */
export const SACCT_FORMAT = 'JobID,JobName,User,Partition,State,ExitCode,Submit,Start,End,NodeList';
export const SQUEUE_FORMAT = '%i|%j|%u|%P|%T||%V|%S|%e|%N';

/** States of jobs that have not begun. Their start, where there is one, is the scheduler's estimate. */
const WAITING = new Set(['PENDING', 'REQUEUE_HOLD', 'REQUEUE_FED', 'SPECIAL_EXIT', 'RESV_DEL_HOLD']);
/** States of jobs that have begun and not ended. Their end, where there is one, is the time limit, and their exit code is meaningless. */
const UNDER_WAY = new Set([
  'RUNNING',
  'CONFIGURING',
  'COMPLETING',
  'SUSPENDED',
  'STOPPED',
  'SIGNALING',
  'STAGE_OUT',
  'RESIZING',
]);
/** `4711`, `4711_3`, `4711_[4-9,12%2]` (tasks that wait), `4711+0` (first component of a heterogeneous job). */
const JOB_ID = /^(\d+)(?:\+0)?(?:_(?:(\d+)|\[([\d,-]+)(?:%\d+)?\]))?$/;

/**
 * Parses the lines of `sacct --parsable2 --noheader` or of `squeue --noheader` in the formats above. Steps (`123.0`,
 * `123.batch`) are left out, because they are parts of a run, and so are lines of another form.
 */
export function parseAccounting(text: string): JobRun[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split('|');
    // A job's name may contain the separator.
    while (fields.length > 10) fields.splice(1, 2, `${fields[1]}|${fields[2]}`);
    const [id, name, user, partition, words, exit_code, submit, start, end, nodes] = fields;
    const match = JOB_ID.exec(id ?? '');
    if (!match || nodes === undefined) return [];
    const [, job_id, task = '', tasks] = match;
    // `CANCELLED by 1000`
    const state = words!.split(' ')[0]!;
    const begun = !WAITING.has(state);
    const ended = begun && !UNDER_WAY.has(state);
    const run = {
      job_id: job_id!,
      name: name!,
      user: user!,
      partition: partition!,
      state,
      exit_code: ended ? exit_code! : '',
      submit: toTime(submit!),
      start: begun ? toTime(start!) : '',
      end: ended ? toTime(end!) : '',
      nodes: /^(?:\(null\)|None assigned|)$/.test(nodes) ? [] : expandHostlist(nodes),
    };
    const waiting = tasks === undefined ? [task] : expandTasks(tasks).map(String);
    return waiting.map((array_task_id) => ({ ...run, array_task_id }));
  });
}

function toTime(text: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? `${text}Z` : '';
}
