import { matchAt } from '../../record/match-at.ts';
import { type Severity, severityOfPino, severityOfWord } from '../../record/severity.ts';

const UPPER =
  'TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|CRITICAL|CRIT|FATAL|ALERT|EMERG|PANIC|VERBOSE|SUCCESS';

/**
 * The level field: an upper-case word behind the time, and behind at most one other field of the usual kinds (`[thread]`,
 * `(process)`, a number, `name -`, `host/`, `host program[7]:`).
 */
const FIELD = new RegExp(
  `[\\s|:,\\])-]*(?:\\[[^\\]\\n]{0,160}\\][\\s:]*|\\([^()\\n]{0,80}\\)\\s*|\\d{1,10}\\s+|[\\w.$-]{1,80} +[-|] +|[\\w.-]{1,80}/|[\\w.-]+ [\\w./-]+(?:\\[\\d+\\])?: +)?[[(<]?\\s*(${UPPER})\\s*(?=[\\])>|/:\\s,-]|$)`,
  'y',
);
/** The level field in lower or mixed case, where brackets, dashes or a colon mark the word as a field; `error: 0.05` is a metric. */
const LOWER_FIELD =
  /[\s|:,\])-]*(?:\[(trace|debug|info|notice|warn|warning|error|err|crit|critical|alert|emerg|fatal|panic)\]|([Tt]race|[Dd]ebug|[Ii]nfo|[Nn]otice|[Ww]arn|[Ww]arning|[Ee]rror|[Cc]ritical|[Ff]atal|panic): (?!\s*[-+]?[\d.]))/y;
/** Rank, process and compose prefixes, as they stand before time or level. */
const PREFIX = /\s*(?:[\w./-]{1,64} *\| )?(?:\([^()\n]{1,64}\) *)?(?:\[rank ?\d+\]:? ?)?/y;
const GLOG = /\[?([IWEFCDV])(?:\d{3,4}|\d{8}) \d\d:\d\d:\d\d/y;
/** NCCL's lines; its table of results is often glued to the front of one. */
const NCCL = /:\d+:\d+ \[\d+\] NCCL (INFO|WARN|TRACE|ERROR)\b/;
/** Ninth field of IBM's RAS lines. */
const RAS = / RAS \w+ (INFO|WARNING|ERROR|SEVERE|FATAL|FAILURE)\b/;
const LOGFMT = /["\w.@-]+=/y;
const LOGFMT_LEVEL = /(?:^|\s)(?:level|lvl|severity|loglevel)="?([A-Za-z]+)/;
const JSON_LEVEL =
  /"(?:level|severity|levelname|lvl|loglevel|log\.level)"\s*:\s*(?:"([A-Za-z]+)"|(\d{2}))[\s,}]/;

const ERROR: Severity = { level: 'error', spelling: '' };
const FATAL: Severity = { level: 'fatal', spelling: '' };
const WARN: Severity = { level: 'warn', spelling: '' };

/**
 * Sentences that only a failing program writes, at the start of a line (the first three anywhere, because SLURM appends its words to the
 * current line). A pattern is tried only where its hint, which is cheap to find, is in the text.
 */
const SENTENCES: readonly { hint: string; pattern: RegExp; severity: Severity }[] = [
  {
    hint: 'fatal',
    pattern:
      /(?:slurmstepd|srun|sbatch|salloc|slurmd): fatal:|^(?:fatal error: |[\w./-]{1,40}: fatal(?: error)?: )/m,
    severity: FATAL,
  },
  { hint: 'panic: ', pattern: /^panic: /m, severity: FATAL },
  {
    hint: 'rror',
    pattern:
      /(?:slurmstepd|srun|sbatch|salloc|slurmd): error:|^(?:\S{1,60} \| )?(?:\[rank ?\d+\]: ?)?(?:Error response from daemon|(?:\{ )?(?:Uncaught )?(?:[\w$]+\.)*[A-Z]?\w*Error(?: \[\w+\])?(?:: (?!\s*[-+]?[\d.]+\s*$)|$)|[\w./-]{1,40}(?:\[\d+\])?: error: )|\bPM2 error: /m,
    severity: ERROR,
  },
  {
    hint: 'Traceback',
    pattern: /^(?:.{0,80}[\]:|] *)?Traceback \(most recent call last\)/m,
    severity: ERROR,
  },
  {
    hint: 'xception',
    pattern:
      /^(?:\S{1,60} \| )?(?:Exception in thread|(?:Caused by: )?(?:[\w$]+\.)*[A-Z]\w*Exception(?:: |$))/m,
    severity: ERROR,
  },
  {
    hint: 'Warning: ',
    pattern: /:\d+: (?:[\w.]+\.)?[A-Z]\w*Warning: |^(?:[\w.]+\.)?[A-Z]\w*Warning: /m,
    severity: WARN,
  },
];
/** Characters of a text in which sentences are searched; joined stacks have theirs in their first or last lines. */
const SENTENCE_SPAN = 2048;
const FIELD_SPAN = 512;

function levelField(text: string, afterTime: number): Severity | undefined {
  const start = matchAt(PREFIX, text, 0)![0].length;
  const code = text.charCodeAt(start);
  if (code === 123 || code === 34) {
    const member = JSON_LEVEL.exec(text);
    if (member) return member[1] ? severityOfWord(member[1]) : severityOfPino(Number(member[2]));
    return undefined;
  }
  const word =
    matchAt(FIELD, text, start)?.[1] ??
    (afterTime > start ? matchAt(FIELD, text, afterTime)?.[1] : undefined);
  if (word) return severityOfWord(word);
  const lower = matchAt(LOWER_FIELD, text, Math.max(start, afterTime));
  if (lower) return severityOfWord(lower[1] ?? lower[2]!);
  const special =
    matchAt(GLOG, text, start) ??
    (text.includes(' NCCL ') ? NCCL.exec(text.slice(0, FIELD_SPAN)) : null) ??
    (text.includes(' RAS ') ? RAS.exec(text.slice(0, FIELD_SPAN)) : null);
  if (special) return severityOfWord(special[1]!);
  if (matchAt(LOGFMT, text, start)) {
    const field = LOGFMT_LEVEL.exec(text.slice(start, start + FIELD_SPAN));
    if (field) return severityOfWord(field[1]!);
  }
  return undefined;
}

/**
 * The severity that a text shows: its level field, else the meaning of one of a few well-known sentences, else undefined. Words in the
 * middle of a text do not count.
 * @param afterTime where the time at the head of the text ends; 0 where it has none
 */
export function guessSeverity(text: string, afterTime = 0): Severity | undefined {
  const field = levelField(text, afterTime);
  if (field) return field;
  const span =
    text.length > SENTENCE_SPAN
      ? `${text.slice(0, SENTENCE_SPAN / 2)}\n${text.slice(-SENTENCE_SPAN / 2)}`
      : text;
  for (const { hint, pattern, severity } of SENTENCES) {
    if (span.includes(hint) && pattern.test(span)) return severity;
  }
  return undefined;
}
