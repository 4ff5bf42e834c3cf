import { readJobMark, stateOfMarks } from './job-marks.ts';
import type { JobRun } from './job-run.ts';

/** How long after its last line a job without a reported end counts as running. */
const RUNNING_MS = 10 * 60_000;

export interface Judgement {
  readonly state: string;
  /** `<exit code>:<signal>`; null where it is not known. */
  readonly exit_code: string | null;
}

/** The worst state first: an array job has the worst state of its tasks. */
const WORST = [
  'RUNNING',
  'COMPLETING',
  'CONFIGURING',
  'SUSPENDED',
  'FAILED',
  'OUT_OF_MEMORY',
  'TIMEOUT',
  'NODE_FAIL',
  'CANCELLED',
  'PREEMPTED',
  'REQUEUED',
  'PENDING',
];

/** The state of a job: from SLURM's accounts where there are some, else from the lines of SLURM's programs in its output. */
export function judgeJob(
  runs: readonly JobRun[],
  markLines: readonly string[],
  lastSeen: number,
  now = Date.now(),
): Judgement {
  const last = new Map(runs.map((run) => [run.array_task_id, run]));
  if (last.size > 0) {
    const weight = ({ state }: JobRun) => (WORST.indexOf(state) + WORST.length + 1) % (WORST.length + 1);
    const [worst] = [...last.values()].sort((a, b) => weight(a) - weight(b));
    return { state: worst!.state, exit_code: worst!.exit_code || null };
  }
  const marks = markLines.flatMap((line) => readJobMark(line) ?? []);
  // Marks before a requeue belong to an earlier attempt, unless none follow it.
  const requeue = marks.findLastIndex(({ requeued }) => requeued);
  const ofLast = marks.slice(requeue + 1);
  const state = stateOfMarks(ofLast.length > 0 ? ofLast : marks);
  const code = ofLast.find(({ exitCode }) => exitCode !== undefined)?.exitCode;
  const running = now - lastSeen < RUNNING_MS;
  return {
    state: (ofLast.length > 0 || !running ? state : '') || (running ? 'RUNNING' : 'UNKNOWN'),
    exit_code: code === undefined ? null : `${code}:0`,
  };
}
