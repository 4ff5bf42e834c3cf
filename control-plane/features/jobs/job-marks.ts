import { expandTasks } from './slurm-lists.ts';

/** The end of a job, or of some of its tasks, as a line of SLURM's own programs reports it. */
export interface JobMark {
  readonly state: string;
  readonly exitCode?: number;
  /** Ranks that ended by themselves, where the line names them, without those that SLURM ended afterwards. */
  readonly tasks: readonly number[];
  readonly node?: string;
  /** True where SLURM starts the job again afterwards. */
  readonly requeued: boolean;
}

/** SQL condition for lines of SLURM's launchers: `slurmstepd: error: `, with the node in it `slurmstepd-gr015: error: `. */
export const LAUNCHER_SQL = "match(message, '(?:slurmstepd(?:-[^ :]+)?|srun): error: ')";

/** SQL condition for the lines that `readJobMark` reads. */
export const MARK_SQL = `level >= 'error' AND ${LAUNCHER_SQL}`;

const CANCELLED =
  /\*\*\* (?:JOB|STEP) \S+ ON (\S+) CANCELLED AT \S+(?: DUE TO ([A-Za-z ]+?))?(?: \*\*\*|,|$)/;
const REASONS: Readonly<Record<string, string>> = {
  'TIME LIMIT': 'TIMEOUT',
  PREEMPTION: 'PREEMPTED',
  'NODE FAILURE': 'NODE_FAIL',
  'JOB REQUEUE': 'REQUEUED',
};
const REQUEUES = new Set(['PREEMPTED', 'NODE_FAIL', 'REQUEUED']);
const TASKS =
  /srun: error: (\S+): tasks? ([\d,-]+): (?:Exited with exit code (\d+)|(Out Of Memory|Segmentation fault|Aborted|Bus error|Floating point exception|Killed|Terminated))/;
const OUT_OF_MEMORY = /oom.?kill|OOM Killed|Out Of Memory|exceeded memory limit/i;

export function readJobMark(message: string): JobMark | undefined {
  const cancelled = CANCELLED.exec(message);
  if (cancelled) {
    const [, node, reason = ''] = cancelled;
    const state = REASONS[reason.toUpperCase()] ?? 'CANCELLED';
    return { state, tasks: [], node: node!, requeued: REQUEUES.has(state) };
  }
  const ended = TASKS.exec(message);
  if (ended) {
    const [, node, tasks, code, signal] = ended;
    // With these two signals SLURM ends the other tasks after one has failed.
    const followed = signal === 'Killed' || signal === 'Terminated';
    return {
      state: signal === 'Out Of Memory' ? 'OUT_OF_MEMORY' : 'FAILED',
      ...(code !== undefined && { exitCode: Number(code) }),
      tasks: followed ? [] : expandTasks(tasks!),
      node: node!,
      requeued: false,
    };
  }
  if (OUT_OF_MEMORY.test(message)) return { state: 'OUT_OF_MEMORY', tasks: [], requeued: false };
  return undefined;
}

/** The more specific state first: a job that ran out of memory has also failed. */
const BY_WEIGHT = ['OUT_OF_MEMORY', 'TIMEOUT', 'NODE_FAIL', 'PREEMPTED', 'REQUEUED', 'CANCELLED', 'FAILED'];

/** The state in which a run ended, from all of its marks; '' without any. */
export function stateOfMarks(marks: readonly JobMark[]): string {
  return BY_WEIGHT.find((state) => marks.some((mark) => mark.state === state)) ?? '';
}
