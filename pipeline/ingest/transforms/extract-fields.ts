/** Matches every text with one of the ids below, in a third of the time of their own patterns. */
const ANY_ID = /ob|OB|tep|STEP |slurm|race|RACE|pan|PAN|[rR]eq|REQ/;

/** False where none of the functions below would find anything. */
export function mayNameIds(text: string): boolean {
  return ANY_ID.test(text);
}

/** A line of SLURM's own programs. What any other program says of a job is not its job: a queue of work has jobs with numbers too. */
const SLURM_PROGRAM =
  /\b(?:slurmstepd|slurmd|slurmctld|slurmdbd|slurmrestd|srun|sbatch|salloc|scancel)(?:-[\w.-]+)?(?:\[\d+\])?: /;
/**
 * `*** JOB 25883692 ON`, `StepId=1543570.2`, `STEP 405737.0 ON`, `JobId=1543570`, `job 1543570`, `job allocation 7`, and `[4711.batch]` as slurmd begins
 * its lines. `JobId=` and `StepId=` are SLURM's own spelling.
 */
const SLURM_JOB =
  /\b(?:job(?: allocation| ?id)?|step(?: ?id)?)[ =](\d{1,10})(?:_\d+)?(?:[.+]\w+)*(?![\w.-]*\/)\b|\[(\d{1,10})\.(?:batch|extern|interactive|\d+)\]/i;
const SLURM_KEY = /\b(?:JobId|StepId|SLURM_JOB_ID)=(\d{1,10})\b/;

/** The SLURM job id that a line of SLURM's own names; '' where it names none. */
export function jobIdFromText(text: string): string {
  if (
    !(
      text.includes('ob') ||
      text.includes('OB') ||
      text.includes('tep') ||
      text.includes('STEP ') ||
      text.includes('slurm')
    )
  )
    return '';
  const key = SLURM_KEY.exec(text);
  if (key) return key[1]!;
  const job = SLURM_PROGRAM.test(text) ? SLURM_JOB.exec(text) : null;
  return job ? (job[1] ?? job[2]!) : '';
}

const TRACE = /\btrace_?id\\?"?\s*[:=]\s*\\?"?([0-9a-f]{32})(?![0-9a-z])/i;
const SPAN = /\bspan_?id\\?"?\s*[:=]\s*\\?"?([0-9a-f]{16})(?![0-9a-z])/i;
const ZEROS = /^0+$/;

function hexId(pattern: RegExp, text: string): string {
  const id = pattern.exec(text)?.[1];
  return id === undefined || ZEROS.test(id) ? '' : id.toLowerCase();
}

/** The trace id behind a `trace_id`, `traceId` or `traceid` key; all zeros, and a lone 0, mean none: ''. */
export function traceIdFromText(text: string): string {
  return text.includes('race') || text.includes('RACE') ? hexId(TRACE, text) : '';
}

/** The span id behind a `span_id`, `spanId` or `spanid` key; '' where it has none, as for the trace id. */
export function spanIdFromText(text: string): string {
  return text.includes('pan') || text.includes('PAN') ? hexId(SPAN, text) : '';
}

/** `request_id=…`, `"requestId": "…"`, OpenStack's `[req-<uuid> …`, OpenAI-style `request chatcmpl-…`. */
const REQUEST =
  /\breq(?:uest)?[_-]?id\\?"?\s*[:=]\s*\\?"?([\w-]{6,64})|\b(req-[0-9a-f]{8}-[0-9a-f-]{27})\b|\brequest ((?:chat)?cmpl-[\w-]{8,64})/i;

/** The request id that a text names; '' where it names none. */
export function requestIdFromText(text: string): string {
  if (!(text.includes('req') || text.includes('Req') || text.includes('REQ'))) return '';
  const match = REQUEST.exec(text);
  return match ? (match[1] ?? match[2] ?? match[3]!) : '';
}
