/** Matches every text with one of the ids below, in a third of the time of their own patterns. */
const ANY_ID = /ob|OB|Step|STEP |race|RACE|pan|PAN|[rR]eq|REQ/;

/** False where none of the functions below would find anything. */
export function mayNameIds(text: string): boolean {
  return ANY_ID.test(text);
}

/**
 * `*** JOB 25883692 ON`, `StepId=1543570.2`, `STEP 405737.0 ON`, `Job ID: 1543570`, `--jobid 1543570`, `job 1543570`. The number of a
 * training step and a count of jobs do not match.
 */
const JOB =
  /\b(?:job[ _-]?id\b"?|job\b|stepid(?==)|SLURM_JOB_ID)(?:\s*[:=]\s*"?|\s+)(\d{4,12})(?:[._]\d+)?(?![\w.-]*\/)\b|\bstep (\d{4,12})\.\d+\b/i;

/** The SLURM job id that a text names; '' where it names none. */
export function jobIdFromText(text: string): string {
  if (!(text.includes('ob') || text.includes('OB') || text.includes('Step') || text.includes('STEP ')))
    return '';
  const match = JOB.exec(text);
  return match ? (match[1] ?? match[2]!) : '';
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
