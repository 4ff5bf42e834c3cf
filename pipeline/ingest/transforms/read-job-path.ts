/** The facts in the name of a SLURM output file; '' for those that it does not have. */
export interface JobPathFacts {
  readonly job_id: string;
  readonly array_task_id: string;
  /** `out` or `err`. */
  readonly stream: string;
  /** Short host name, as `%N` writes it. */
  readonly node_id: string;
  /** Rank of the task, as `%t` writes it behind a `task`, `rank` or `t`. */
  readonly rank: string;
}

const STREAM = /\.(out|err)$/;
/** `%j`, `%A_%a`: a number of its own between separators, an array task behind `_`. */
const JOB = /(?:^|[-_.])(\d{3,12})(?:_(\d{1,7})(?=[-_.]))?(?=[-_.])/;
const RANK = /[-_.](?:rank|task|t)[-_]?(\d{1,6})(?=[-_.])/i;
/** Behind the job id, a word with a number at its end: `node07`, `mel2013`, `nid001234`, `gr015`. */
const NODE = /^[-_.]([a-z][a-z-]{0,20}\d{1,6})(?=[-_.])/i;
const NO_NODE = /^(?:rank|task|t|step|part|run|try|attempt|v|epoch)-?\d+$/i;

/** Reads the file's own name: `loadgen-12345.out`, `train_777_3.err`, `job-12345-node07-rank3.out`. */
export function readJobPath(path: string): JobPathFacts {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const stream = STREAM.exec(name)?.[1] ?? '';
  const job = stream === '' ? null : JOB.exec(name);
  if (!job) return { job_id: '', array_task_id: '', stream, node_id: '', rank: '' };
  const rest = name.slice(job.index + job[0].length);
  const node = NODE.exec(rest)?.[1] ?? '';
  return {
    job_id: job[1]!,
    array_task_id: job[2] ?? '',
    stream,
    node_id: NO_NODE.test(node) ? '' : node,
    rank: RANK.exec(rest)?.[1] ?? '',
  };
}
