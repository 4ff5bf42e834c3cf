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

/** The end of the name, also of a file that was rotated: `.out`, `.err.1`, `.out-20261130.gz`, and `.o12345` as PBS names it. */
const END = /\.(?:(out|err)(?:[.-]\d{1,8})?(?:\.old|\.bak)?(?:\.gz|\.zst|\.xz)?|([oe])(\d{4,12}))$/;
/** `slurm-12345`: SLURM's own, whatever the ending; a version of SLURM has more numbers */
const SLURM = /(?:^|[-_.])slurm[-_.](\d{1,12})(?![a-z\d]|\.\d\d\.\d)/i;
/** `12345.out`, `12345-gpu12.out`, `12345.3.out`: the name begins with the number. */
const LEADING = /^(\d{3,12})(?=[-_.+])/;
/** `train_777_3.out`, `%x_%A_%a`: two numbers, of which the second one is the task of an array */
const ARRAY = /[-_.](\d{3,12})_(\d{1,7})(?=[-_.])/;
/** `loadgen-12345.out`, `%x-%j`, `job.12345.gr015.err`: a number of its own behind the name */
const TRAILING = /[-_.](\d{4,12})(?=[-_.+])/;
/** Behind the job id, an offset in a heterogeneous job or a task of an array */
const OFFSET = /^\+\d{1,4}/;
const TASK = /^_(\d{1,7})(?=[-_.])(?!-\d\d-\d\d)/;
const RANK = /[-_.](?:rank|task|t)[-_]?(\d{1,6})(?=[-_.])/i;
/** Behind the job id, a word with a number at its end: `node07`, `mel2013`, `nid001234`, `gr015`. */
const NODE = /^[-_.]([a-z][a-z-]{0,20}\d{1,6})(?=[-_.])/i;
const NO_NODE = /^(?:rank|task|t|step|part|run|try|attempt|v|epoch)-?\d+$/i;
/** A date makes of the numbers beside it a time. */
const DATE = /(?:^|\D)(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)/;
/** The words before a number that count something else than jobs, and models that are named by a number. */
const NO_JOB =
  /(?:^|[-_.])(?:seed|epoch|step|steps|iter|iteration|batch|bs|size|dim|len|ctx|port|run|exp|fold|trial|try|attempt|part|shard|rank|task|worker|node|gpu|pid|lr|ckpt|checkpoint|version|v|n|k|num|max|min|layers?|heads?|hidden|tokens?|samples?|year|resnet|resnext|densenet|vgg|wrn|gpt|bert|llama|qwen|cifar|imagenet|mnist|cuda|sm|top|eval|test)[-_.]?$/i;

const NOTHING: JobPathFacts = { job_id: '', array_task_id: '', stream: '', node_id: '', rank: '' };

interface Found {
  readonly job: string;
  readonly task: string;
  /** Where what stands behind the job's number begins. */
  readonly end: number;
}

function behind(match: RegExpExecArray): Found {
  return { job: match[1]!, task: match[2] ?? '', end: match.index + match[0].length };
}

function findJob(name: string): Found | undefined {
  const slurm = SLURM.exec(name);
  if (slurm) return behind(slurm);
  if (DATE.test(name)) return undefined;
  const leading = LEADING.exec(name);
  // A year is no job.
  if (leading) return /^(?:19|20)\d\d$/.test(leading[1]!) ? undefined : behind(leading);
  const named = ARRAY.exec(name) ?? TRAILING.exec(name);
  return named && !NO_JOB.test(name.slice(0, named.index)) ? behind(named) : undefined;
}

/**
 * Reads the file's own name, the same for every way in: `slurm-12345.out`, `loadgen-12345.out`, `train_777_3.err`, `4711-gpu12.out`,
 * `slurm-4711+1.out`, `job-12345-node07-rank3.out`, and what is left of them by rotation.
 */
export function readJobPath(path: string): JobPathFacts {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const ending = END.exec(name);
  const stream = ending ? (ending[1] ?? (ending[2] === 'o' ? 'out' : 'err')) : '';
  if (ending?.[3] !== undefined) return { ...NOTHING, stream, job_id: ending[3] };
  const isSlurm = /slurm[-_.]\d/i.test(name);
  const job =
    ending || (isSlurm && /\.(?:log|txt)$/.test(name))
      ? findJob(`${ending ? name.slice(0, ending.index) : name}.`)
      : undefined;
  if (!job) return { ...NOTHING, stream };
  let rest = name.slice(job.end);
  rest = rest.slice(OFFSET.exec(rest)?.[0].length ?? 0);
  const task = job.task || (TASK.exec(rest)?.[1] ?? '');
  if (task !== job.task) rest = rest.slice(task.length + 1);
  const node = NODE.exec(rest)?.[1] ?? '';
  return {
    job_id: job.job,
    array_task_id: task,
    stream,
    node_id: NO_NODE.test(node) ? '' : node,
    rank: RANK.exec(rest)?.[1] ?? '',
  };
}
