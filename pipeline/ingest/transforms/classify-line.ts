import { stripAnsi, trimLineEnd } from './clean-text.ts';
import { readWriterPrefix } from './writer-prefix.ts';

/** The kinds of events. The first line of an event decides its kind, until a line below it opens a stack within it. */
export type EventForm =
  /** One line. */
  | 'plain'
  /** A line with a time or a level at its head, and the indented lines below it. */
  | 'record'
  /** A line that says that a traceback follows. */
  | 'announced'
  /** Python's stack: frames, then the exception, then others in a chain */
  | 'python'
  /** An exception and its stack as most languages write them: the exception first, frames below it */
  | 'failure'
  | 'go'
  /** What C, C++, Fortran, sanitizers, message passing and Python's fault handler write of a crash */
  | 'native'
  /** The last words of Node when its memory is used up */
  | 'v8'
  /** `/app/server.js:12`, above the source line and the error of an uncaught Node exception */
  | 'prologue'
  /** A Python warning, whose text may have several lines above the line of source */
  | 'warning'
  /** A JSON object over several lines */
  | 'object'
  /** Lines between two rules, such as `-----` */
  | 'frame'
  /** A statement in a slow query log */
  | 'statement';

export interface ClassifiedLine {
  /** The kind of event that the line opens where it continues none. */
  readonly opens: EventForm | 'blank';
  readonly indented: boolean;
  /** True if it has a time or a level at its head, so that it continues nothing. */
  readonly timed: boolean;
  /** The rank or process that wrote the line, because their lines interleave; '' where none is named. */
  readonly writer: string;
  /** True for the name of a container or process and nothing behind it. That is a line, whereas a rank alone is a blank one. */
  readonly bare: boolean;
  /** The prefix (level, file and line) that vLLM and PyTorch repeat on every line of one message; '' where there is none. */
  readonly repeated: string;
  /** The line without the writer's and the repeated prefix. */
  readonly body: string;
  /** True if the head says that something failed, so that a stack below may belong to it. */
  readonly failed: boolean;
}

const REPEATED =
  /^((?:DEBUG|INFO|WARNING|ERROR|CRITICAL) )\d\d-\d\d \d\d:\d\d:\d\d (\[?[\w./-]+:\d+\]) ?|^(\[?[IWEFCDV])\d{3,4} \d\d:\d\d:\d\d(?:\.\d+)?(?: \d+)? ([\w./-]+:\d+\]) ?/;

/** How lines with a time or a level begin, by their first character, behind an opening bracket or quote. */
const TIMED =
  /^(?:<\d{1,3}>(?:1 )?)?["[(]?(?:\d{4}[-/.]\d\d[-/.]\d\d|\d\d[-/](?:\d\d|[A-Z][a-z]{2})[-/]\d{4}|\d\d-\d\d \d\d:|\d\d:\d\d:\d\d(?:[.,]\d{3}\b| [A-Z]{3,5}\])|\d{10}(?:\.\d{3,9})? |\d+:[A-Z] \d\d [A-Z][a-z]{2} |(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d,? (?:\d{4},? )?\d{1,2}:\d\d)/;
const LEVELLED =
  /^(?:[IWEFCDV]\d{4} \d\d:|[DIWEFCV] \d\d:\d\d:\d\d|[DIWEFA], \[\d{4}-|(?:ts|time|level)=|\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE)\b(?!: ThreadSan| ERROR: )[\]: |/]|\[NeMo [IWED] |(?:srun|slurmstepd|sbatch|salloc)(?:-[\w.-]+)?: |(?:trce|dbug|info|warn|fail|crit): [\w.]+\[\d+\])/;
const FAILED =
  /(?:ERROR|CRITICAL|FATAL|SEVERE|ERR|EXCEPTION|WARNING|WARN|Error|error|Exception|exception|panic|panicked|fatal|Fatal)\b/;
/** The same as one letter, and in .NET's spelling. */
const FAILED_LETTER = /^(?:[[(]?[EFC](?:\d{3,4}|,)? |fail: )/;

/** Above or below a stack in all of Python, at the end of a line, whatever stands before. */
const STACK_HEAD = /\(most recent call (?:last|first)\):\s*$/;

/** What the first lines of failures look like, and of other events whose lines belong together. */
const HEADS: Readonly<Record<string, RegExp>> = {
  announced:
    /Process [\w.-]+:\s*$|Exception in thread [^"].*:$|Exception ignored in|(?:Task|Future) exception was never retrieved|Exception in callback |Unclosed (?:client session|connector)|[\w.]*RemoteTraceback:\s*$/,
  python: /[╭┌].*Traceback \(most recent call last\)/,
  go: /panic: |fatal error: |goroutine \d+ \[|SIG[A-Z]+: /,
  warning: /\S+:\d+: (?:[\w.]+\.)?[A-Z]\w*Warning: |\(node:\d+\) /,
  failure:
    /(?:\{ )?(?:Uncaught )?(?:[\w$]+\.)*[A-Z]?[\w$]*(?:Error|Exception)\b(?: \[\w+\])?(?::|$)|Exception in thread "|\[?Unhandled ?(?:[Ee]xception|PromiseRejection|[Rr]ejection)|thread '.*' (?:\(\d+\) )?panicked at |PHP (?:Fatal|Parse) error: |\S+:\d+:in .*\(.*\)$/,
  native: new RegExp(
    [
      String.raw`terminate called |libc\+\+abi: terminating|\*\*\* (?:Process received signal|An error occurred|Error in |stack smashing)`,
      String.raw`\[\S+:\d+:\d+:\d+\] Caught signal|={4,} ?backtrace|={3,}\d+={2,}ERROR|==\d+==ERROR|WARNING: ThreadSanitizer`,
      String.raw`\S+:\d+:\d+: runtime error: |Fatal Python error: |Program received signal |Fortran runtime error|forrtl: `,
      'YOUR APPLICATION TERMINATED WITH|# A fatal error has been detected',
    ].join('|'),
  ),
  v8: /<--- Last few GCs --->|FATAL ERROR: /,
  prologue:
    /(?:(?:file:\/\/)?\/\S+\.[cm]?[jt]sx?|node:[\w/]+|<anonymous_script>|\[eval\]|evalmachine\.<anonymous>|[A-Z]:\\\S+\.[cm]?[jt]s):\d+(?::\d+)?$/,
  frame: /(?:-{18,}|={18,}|\*{18,}|#{18,}|_{18,}|~{18,})$/,
  statement: /# (?:Time|User@Host): |[\w./-]*(?:mysqld|mariadbd), Version: .* started with:$/,
};
const HEAD = new RegExp(
  `^(?:${Object.entries(HEADS)
    .map(([form, pattern]) => `(?<${form}>${pattern.source})`)
    .join('|')})`,
);
/** The first line of an object: its last character says that it goes on. */
const OBJECT = /^[{[]\s*(?:[{[]?|"[^"]*"\s*:.*(?<=[,{[]))\s*$/;
/** Perl's `Died at a.pl line 3.`, above the frames of `confess` */
const PERL = / at \S+ line \d+\.$/;
/** Flask's banner: its lines are indented, yet each is an event of its own. */
const BULLET = /^ \* \S/;
/** Characters of a line in which time, level and the form are searched. */
const HEAD_SPAN = 160;
const MAX_LINE = 4096;
/** Bytes of a hole in a file, and the mark of its encoding, before the first line. */
const MARK = /^[\0\ufeff]+/;

export function classifyLine(line: string): ClassifiedLine {
  const long = line.length > MAX_LINE;
  let clean = stripAnsi(long ? line.slice(0, MAX_LINE) : line);
  clean = trimLineEnd(MARK.test(clean) ? clean.replace(MARK, '') : clean);
  const { length, writer, rank } = readWriterPrefix(clean);
  const written = length === 0 ? clean : clean.slice(length);
  const prefix = mayRepeat(written) ? REPEATED.exec(written) : null;
  const repeated = prefix ? `${prefix[1] ?? prefix[3]}${prefix[2] ?? prefix[4]}` : '';
  const body = prefix ? written.slice(prefix[0].length) : written;
  const opens = prefix && !endsInStackHead(body) ? 'record' : openedBy(body, writer);
  const end = long && opens !== 'python' && endsInStackHead(stripAnsi(line.slice(-256)));
  return {
    opens: end ? 'python' : opens,
    indented: isIndented(body),
    timed: prefix !== null || opens === 'record' || (opens === 'python' && isTimed(body)),
    writer,
    bare: opens === 'blank' && writer !== '' && rank === '',
    repeated,
    body,
    failed: opens === 'record' && saysFailed(written),
  };
}

/** The kind of event that a line without prefixes opens. */
export function openedBy(body: string, writer = ''): ClassifiedLine['opens'] {
  const first = body.charCodeAt(0);
  if (endsInStackHead(body)) return 'python';
  if (first === 32 || first === 9 || body === '') return body.trim() === '' ? 'blank' : 'plain';
  if (isTimed(body)) return 'record';
  if (first === 91 || first === 123) {
    const end = body.charCodeAt(body.length - 1);
    if (end !== 125 && end !== 93 && OBJECT.test(body)) return 'object';
    if (body.charCodeAt(1) === 34) return 'plain';
  }
  const head = HEAD.exec(body);
  if (!head) return body.endsWith('.') && PERL.test(body) ? 'failure' : 'plain';
  const groups = head.groups!;
  for (const form in HEADS) if (groups[form] !== undefined) return named(form as EventForm, body, writer);
  return 'plain';
}

/** vLLM names the process in front of `Process EngineCore:`, which says nothing more then and is a line of its own. */
function named(form: EventForm, body: string, writer: string): EventForm {
  return form === 'announced' && writer.includes('pid=') && body.startsWith('Process ') ? 'plain' : form;
}

function saysFailed(written: string): boolean {
  const head = written.length > HEAD_SPAN ? written.slice(0, HEAD_SPAN) : written;
  const first = written.charCodeAt(0);
  return FAILED.test(head) || ((first < 48 || first > 57) && FAILED_LETTER.test(head));
}

export function isTimed(body: string): boolean {
  return TIMED.test(body) || LEVELLED.test(body);
}

export function isIndented(body: string): boolean {
  const first = body.charCodeAt(0);
  return (first === 32 || first === 9) && !BULLET.test(body);
}

function endsInStackHead(body: string): boolean {
  const end = body.charCodeAt(body.length - 1);
  return (end === 58 || end === 32) && STACK_HEAD.test(body.length > 256 ? body.slice(-256) : body);
}

/** A repeated prefix begins with a capital letter or a bracket. */
function mayRepeat(written: string): boolean {
  const first = written.charCodeAt(0);
  return first === 91 || (first >= 65 && first <= 87);
}
