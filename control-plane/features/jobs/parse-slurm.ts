import type { JobRun } from './job-run.ts';
import { SEPARATOR } from './slurm-command.ts';
import { expandHostlist, expandTasks } from './slurm-lists.ts';

/** What SLURM's programs said. */
export interface SlurmReport {
  readonly runs: readonly JobRun[];
  /** Why a program gave no answer; the runs of the other one are there all the same. */
  readonly problems: readonly string[];
}

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
/** `4711`, `4711_3`, `4711_[4-9,12%2]` (tasks that wait), `4711+1` (second component of a heterogeneous job). */
const JOB_ID = /^(\d+)(?:\+(\d+))?(?:_(?:(\d+)|\[([\d,:.-]+)(?:%\d+)?\]))?$/;
const NOTHING = /^(?:\(null\)|None assigned|None|Unknown|N\/A|UNLIMITED|)$/;

/** Parses what the script of `slurmCommand` prints. */
export function parseSlurm(output: string): SlurmReport {
  const problems: string[] = [];
  const runs = new Map<string, JobRun>();
  for (const { program, fields, lines, status } of parts(output)) {
    const found = lines.flatMap((line) => readRuns(line.split(SEPARATOR), fields));
    if (status !== 0) problems.push(`${program} ended with ${status}: ${lines.at(-1) ?? 'no output'}`);
    for (const run of found) merge(runs, run, program);
  }
  return { runs: [...runs.values()], problems };
}

interface Part {
  readonly program: string;
  readonly fields: readonly string[];
  readonly lines: string[];
  readonly status: number;
}

function parts(output: string): Part[] {
  const found: Part[] = [];
  let part: Part | undefined;
  for (const line of output.split('\n')) {
    const begin = /^@(sacct|squeue) ([\w,]+)$/.exec(line);
    const end = part && /^@end (\d+)$/.exec(line);
    if (begin) part = { program: begin[1]!, fields: begin[2]!.split(','), lines: [], status: 0 };
    else if (part && end) {
      found.push({ ...part, status: Number(end[1]) });
      part = undefined;
    } else if (part) {
      // A submit line may have several lines of its own.
      const isWhole = line.split(SEPARATOR).length === part.fields.length || part.lines.length === 0;
      if (isWhole) part.lines.push(line);
      else part.lines[part.lines.length - 1] += `\n${line}`;
    }
  }
  return found;
}

/** The queue knows best what has not ended; the accounts know best what has. */
function merge(runs: Map<string, JobRun>, run: JobRun, program: string): void {
  const key = `${run.job_id} ${run.array_task_id} ${run.submit}`;
  const known = runs.get(key);
  if (program === 'sacct') {
    // A job that was requeued within a second has two runs of one submit time.
    runs.set(known ? `${key} ${run.start}` : key, run);
    return;
  }
  if (!known) runs.set(key, run);
  else if (WAITING.has(run.state) || UNDER_WAY.has(run.state)) {
    const { state, reason, nodes, start, end, exit_code } = run;
    runs.set(key, { ...known, state, reason, nodes, start, end, exit_code });
  }
}

function readRuns(values: readonly string[], fields: readonly string[]): JobRun[] {
  const value = (field: string) => {
    const text = values[fields.indexOf(field)] ?? '';
    return NOTHING.test(text) ? '' : text;
  };
  const match = JOB_ID.exec(values[0] ?? '');
  const submit = toTime(value('Submit'));
  // A row whose time cannot be read could be any attempt.
  if (!match || submit === '') return [];
  const [, job_id, component = '0', task, tasks] = match;
  // `CANCELLED by 1000`
  const state = value('State').split(' ')[0]!;
  const begun = !WAITING.has(state);
  const ended = begun && !UNDER_WAY.has(state);
  const run: JobRun = {
    job_id: job_id!,
    raw_id: value('JobIDRaw').replace(/\+.*/, '') || job_id!,
    array_task_id: task ?? (component === '0' ? '' : `+${component}`),
    cluster: value('Cluster'),
    name: value('JobName'),
    user: value('User'),
    account: value('Account'),
    partition: value('Partition'),
    qos: value('QOS'),
    state,
    // The accounts keep the reason why a job waited once.
    reason: begun && fields.includes('ExitCode') ? '' : value('Reason'),
    exit_code: ended ? value('ExitCode') : '',
    derived_exit_code: ended ? value('DerivedExitCode') : '',
    submit,
    start: begun ? toTime(value('Start')) : '',
    end: ended ? toTime(value('End')) : '',
    limit_s: secondsOf(value('TimelimitRaw')),
    nodes: expandHostlist(value('NodeList')),
    requested: value('ReqTRES'),
    allocated: value('AllocTRES'),
    comment: value('Comment'),
    submit_line: value('SubmitLine'),
    work_dir: value('WorkDir'),
    stdout: value('StdOut'),
    stderr: value('StdErr'),
  };
  if (tasks === undefined) return [run];
  return expandTasks(tasks).map((number) => ({ ...run, array_task_id: String(number) }));
}

function toTime(text: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? `${text}Z` : '';
}

/** Seconds of a number of minutes; null where it is none. */
function secondsOf(minutes: string): number | null {
  return /^\d{1,12}$/.test(minutes) ? Number(minutes) * 60 : null;
}
