import { type ClassifiedLine, type EventForm, isIndented, isTimed, openedBy } from './classify-line.ts';

/** An event that further lines may continue. */
export interface OpenEvent {
  form: EventForm;
  readonly lines: string[];
  readonly numbers: number[];
  /** Blank lines, which belong to the event only if a later line continues it. */
  blanks: BlankLine[];
  length: number;
  /** So many of its lines belong to it for certain; those behind may turn out to be lines of their own. */
  firm: number;
  /** True if nothing can follow. */
  complete: boolean;
  readonly repeated: string;
  failed: boolean;
  /** The first line and the last one without prefixes. */
  readonly head: string;
  last: string;
  /** What stands between the time and the text where each line of a stack has a time; undefined where that is not known. */
  stamp: string | undefined;
  /** The rule that a frame within the event has to end with; '' where none is open. */
  rule: string;
  framed: boolean;
  /** Open brackets of a JSON object. */
  depth: number;
}

export interface BlankLine {
  readonly number: number;
  readonly text: string;
}

/** Events share it until they have a blank line; most never have one. */
export const NO_BLANKS: BlankLine[] = [];

/** How a line continues an event: for certain, perhaps, or as a blank line that is kept only if another one follows. */
export type Step = 'yes' | 'maybe' | 'blank';

/** Lines that belong to a stack above them whatever stands between, by the form of the event. */
const TAILS = {
  python:
    /^(?:CUDA kernel errors|For debugging consider|Compile with|Device-side assertion|Search for `|Check(?:out)? your internet|During handling of|The above exception|Original Traceback|"""$|'''$|nccl[A-Z]\w+: |ray::\S+\(|Last error:|> File "|-- Process \d+ terminated|Exception raised from |frame #\d+: |(?:Current t|T)hread 0x|Extension modules: |[╭│╰├┌└┃┏┗])/,
  record:
    /^(?:Caused by: |Suppressed: |\.\.\. \d+ (?:more|common)|--- End of |Stack ?trace:|#\d+ |[}\]]|Node\.js v\d|\^+$|throw )/,
  failure: new RegExp(
    [
      String.raw`^(?:Caused by: |Suppressed: |\.\.\. \d+ (?:more|common)|--- End of |---> |at [\w$.<>]+\(|Stack ?trace:|PHP +\d+\. |#\d+ `,
      String.raw`[}\]]|Node\.js v\d|\^+$|throw |Emitted '|stack backtrace:|note: |frame #\d+: |Exception raised from |Calls: |Execution halted$)`,
    ].join('|'),
  ),
  native: new RegExp(
    [
      String.raw`^(?:frame #\d+: |Exception raised from |#(?:\d+ | |$)|\[ ?\d+\] |\s*\d+ +(?:0x[0-9a-f]{6,}|/)|\S+\(.*\) ?\[0x[0-9a-f]+\]$`,
      String.raw`Backtrace for|Error termination|Image +PC|\S+ +[0-9A-F]{16} |={4,} ?(?:[Bb]acktrace|Memory map)|[0-9a-f]{8,16}-[0-9a-f]{8,16} `,
      String.raw`(?:READ|WRITE) of size|0x[0-9a-f]+ is located|(?:freed|previously allocated|allocated) by|(?:Dir|Indir)ect leak|SUMMARY: |Shadow byte`,
      String.raw`=>|==\d+==|={18,}$|[A-Z]\w+Sanitizer|Register values|Thread T\d| {2}(?:Previous|Location|Thread T|Mutex|As if)`,
      String.raw`\*\*\* |Signal(?: code)?: |Associated errno|Failing at address|This typically refers|Please see the FAQ page`,
      '(?:Current t|T)hread 0x|Extension modules: |Python runtime state: )',
    ].join('|'),
  ),
  v8: /^(?:<--- |\[\d+:0x|----- |FATAL ERROR|\s*\d+: 0x)/,
  go: /^(?:goroutine \d+ \[|panic\(|\[signal |created by |exit status \d|runtime stack:|r[a-z0-9]{2} +0x|[\w./*()[\]{}-]+\(.*\)$)/,
};
/** The last line of a Python stack, or of one link in its chain. */
const EXCEPTION = /^[A-Za-z_][\w.]*(?:\(\w+\))?(?::(?: .*)?)?$/;
/** The first frame of a traceback that nothing has caught: what was logged begins where it was caught. */
const UNCAUGHT =
  /^ +File "(?:<frozen runpy>|[^"]*\/runpy\.py|[^"]*\/bin\/[^".]+)", line \d+, in (?:_run_module|<module>)/;
/** The name of a field, above the indented line that says what is wrong with it, as pydantic lists them. */
const FIELD = /^[\w.[\]-]{1,120}$/;
const FIELDS_FOLLOW = /\bvalidation errors? for \S+$/;
/** What asyncio writes between its message and the traceback: `future: <Task …>`. */
const CONTEXT = /^[a-z_]+: [<[(]/;
/** A Java exception, which logging frameworks print below the line about the failure. */
const JAVA_EXCEPTION = /^(?:[A-Za-z][\w$]*\.)+[\w$]*(?:Exception|Error)\b/;
const RUBY = /^\S+\.rb:\d+:in /;
/** `java.util.logging` writes time and method on one line, level and message on the next. */
const JUL_HEAD = /^[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M \S+ \S+$/;
/** .NET writes the level and the logger on a line of their own. */
const NET_HEAD = /^[a-z]{4}: [\w.]+\[\d+\]$/;
const JUL_MESSAGE = /^(?:SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): /;
const SANITIZER = /^={1,3}\d*={0,2}(?:\d+==)?(?:ERROR|WARNING): |^WARNING: ThreadSanitizer/;
/** A level without a time may be the first word of a framed message. */
const HEADLINE = /^(?:WARNING|ERROR|NOTE): /;
/** What a frame holds that is one message, as launchers write them. */
const REPORT =
  /(?<![a-z])(?:errors?|abort(?:ed)?|fail(?:s|ed|ure)?|terminat(?:ed|ion)|killed|signal \d+|exit(?:ed)? (?:code|status|on)|warning|unable to|could not|cannot|not enough)(?![a-z])/i;
const COMPLETE = /^\*\*\* End of error message|^==\d+==ABORTING|^Node\.js v\d/;
const FRAME = /^\s+(?:at |File "|in |from |\.\.\. |what\(\)|\d+: |#\d+ )/;

/** The time at the head of a line, and what stands between it and the text where each line of a message gets them. */
const TIME =
  /^(?:<\d+>(?:\d )?)?\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?/;
const SHIPPER =
  /^(?: std(?:out|err) [FP] | [\w.-]+ [\w./@-]+(?:\[\d+\])?: | [\w.-]+ [\w./@-]+ \S+ - - +|:? )/;
const TRACEBACK = /(?:Exception Group |Original )?Traceback \(most recent/;

const MAX_FRAME_LINES = 40;
const MAX_PROLOGUE_LINES = 6;
const MAX_WARNING_LINES = 12;

export function openEvent(number: number, line: ClassifiedLine, text: string): OpenEvent {
  const form = line.opens as EventForm;
  const time = form === 'python' ? TIME.exec(line.body)?.[0].length : undefined;
  const rest = time === undefined ? '' : line.body.slice(time);
  const stack = rest.search(TRACEBACK);
  return {
    form,
    lines: [text],
    numbers: [number],
    blanks: NO_BLANKS,
    length: text.length,
    firm: form === 'frame' || form === 'object' ? 0 : 1,
    complete: false,
    repeated: line.repeated,
    failed: line.failed,
    head: line.body,
    last: line.body,
    stamp: stack < 0 ? undefined : rest.slice(0, stack),
    rule: form === 'frame' ? line.body : '',
    framed: false,
    depth: form === 'object' ? depthOf(line.body) : 0,
  };
}

/** True for events that hold a stack or wait for one. */
export function isStack({ form }: OpenEvent): boolean {
  return form !== 'record' && form !== 'plain';
}

/** True of a stack that ends in a frame: what was raised is missing. */
export function isIncomplete(event: OpenEvent): boolean {
  return event.form === 'python' && endsInFrame(event);
}

/** True where further lines are likely: below a failure, in a stack, in a block, or behind a line that says so by its end. */
export function expectsMore(event: OpenEvent): boolean {
  return (
    isStack(event) ||
    event.failed ||
    event.lines.length > 1 ||
    saysMore(event.last) ||
    JUL_HEAD.test(event.head) ||
    NET_HEAD.test(event.head)
  );
}

/** True of a line with a time or level that only an indented line continues. */
export function isOrdinary({ opens, failed, body }: ClassifiedLine): boolean {
  return opens === 'record' && !failed && !saysMore(body) && !JUL_HEAD.test(body) && !NET_HEAD.test(body);
}

/** True where the line may continue an ordinary line above it. */
export function mayContinueOrdinary({ opens, indented, repeated }: ClassifiedLine): boolean {
  return (indented && opens !== 'blank') || (opens === 'python' && repeated !== '');
}

/** Says how the line continues the event and notes that it does; undefined if it does not. */
export function continueEvent(event: OpenEvent, line: ClassifiedLine): Step | undefined {
  const repeats = event.repeated !== '' && line.repeated === event.repeated;
  if (repeats && (isStack(event) || line.opens === 'python'))
    return note(event, line, 'yes', stackForm(line, event));
  if (line.repeated !== event.repeated && line.repeated !== '') return undefined;
  const inner = line.timed ? behindStamp(event, line) : line;
  const step = stepOf(event, inner);
  if (step === undefined) return undefined;
  if (step === 'blank') return inner === line && !line.bare ? 'blank' : 'maybe';
  return note(event, inner, step, stackForm(inner, event));
}

/** The line without its time where the event's lines have one each; the line itself where they do not. */
function behindStamp(event: OpenEvent, line: ClassifiedLine): ClassifiedLine {
  if (event.stamp === undefined && !(event.failed && event.lines.length === 1)) return line;
  const time = TIME.exec(line.body);
  if (!time) return line;
  const rest = line.body.slice(time[0].length);
  if (event.stamp !== undefined)
    return rest.startsWith(event.stamp) ? reread(line, rest.slice(event.stamp.length)) : line;

  const stack = rest.search(TRACEBACK);
  const stamp = stack < 0 ? SHIPPER.exec(rest)?.[0] : rest.slice(0, stack);
  const first = event.head.slice(TIME.exec(event.head)?.[0].length ?? 0);
  if (
    stamp === undefined ||
    first === event.head ||
    !first.startsWith(stamp) ||
    SHIPPER.exec(stamp)?.[0] !== stamp
  )
    return line;
  const inner = reread(line, rest.slice(stamp.length));
  const opened = openedBy(first.slice(stamp.length));
  if (
    inner.opens !== 'python' &&
    !(FRAME.test(inner.body) && (opened === 'failure' || opened === 'go' || opened === 'native'))
  )
    return line;
  if (inner.opens !== 'python') event.form = opened as EventForm;
  event.stamp = stamp;
  return inner;
}

function reread(line: ClassifiedLine, body: string): ClassifiedLine {
  return { ...line, body, opens: openedBy(body), indented: isIndented(body), timed: isTimed(body) };
}

function note(event: OpenEvent, line: ClassifiedLine, step: Step, form: EventForm): Step {
  event.form = form;
  event.last = line.body;
  if (COMPLETE.test(line.body)) event.complete = true;
  return step;
}

/** The form of the event behind the line: a stack that begins in it makes it one. */
function stackForm({ opens }: ClassifiedLine, { form }: OpenEvent): EventForm {
  if (opens === 'python' && (form === 'record' || form === 'announced')) return 'python';
  if (opens === 'failure' && (form === 'record' || form === 'prologue')) return 'failure';
  return opens === 'go' && form === 'record' ? 'go' : form;
}

function stepOf(event: OpenEvent, line: ClassifiedLine): Step | undefined {
  const { opens, body, timed } = line;
  if (timed && !(event.rule !== '' && HEADLINE.test(body))) return stepOfMessage(event, body);
  if (event.rule !== '') return stepInFrame(event, line);
  if (opens === 'frame' && endsInColon(event) && event.form !== 'warning' && event.form !== 'object') {
    event.rule = body;
    return 'maybe';
  }
  switch (event.form) {
    case 'record':
      return stepInRecord(event, line);
    case 'announced':
      return opens === 'python' || CONTEXT.test(body) || /^(?:"""|''')$/.test(body) ? 'yes' : undefined;
    case 'python':
      return stepInPython(event, line);
    case 'failure':
    case 'go':
    case 'native':
    case 'v8':
      return stepInFailure(event, event.form, line);
    case 'prologue':
      if (event.lines.length >= MAX_PROLOGUE_LINES) return undefined;
      return opens === 'blank' ? 'blank' : opens === 'failure' ? 'yes' : 'maybe';
    case 'warning':
      return stepInWarning(event, line);
    case 'object':
      return stepInObject(event, line);
    case 'statement':
      return stepInStatement(event, line);
    default:
      return undefined;
  }
}

function stepInRecord(
  event: OpenEvent,
  { opens, indented, body, repeated }: ClassifiedLine,
): Step | undefined {
  const block = event.lines.length > 1;
  const failed = event.failed && repeated === event.repeated;
  if (opens === 'blank') return event.failed || block || saysMore(event.last) ? 'blank' : undefined;
  const afterBlank = event.blanks.length > 0;
  if (indented && (!afterBlank || block || saysMore(event.last))) return 'yes';
  if (failed && opens === 'failure' && JAVA_EXCEPTION.test(body)) return 'yes';
  if (event.framed && opens === 'plain' && (endsInColon(event) || /^[A-Z].{0,120}:$/.test(body)))
    return 'yes';
  if (afterBlank) return undefined;
  if (event.framed) return undefined;
  // Whether the program logged the exception or died of it shows in the first frame.
  if (failed && opens === 'python') return 'maybe';
  if (failed && (CONTEXT.test(body) || body.startsWith('goroutine '))) return 'yes';
  return (failed || block) && TAILS.record.test(body) ? 'yes' : undefined;
}

function stepInPython(event: OpenEvent, { opens, indented, body }: ClassifiedLine): Step | undefined {
  if (opens === 'blank') return 'blank';
  if (event.firm < event.lines.length && UNCAUGHT.test(body)) return undefined;
  if (indented || TAILS.python.test(body)) return 'yes';
  const { last } = event;
  if (opens === 'python') return endsInColon(event) || last === '"""' || last === "'''" ? 'yes' : undefined;
  if (endsInFrame(event)) {
    // Behind a blank line a word is no exception; loguru leaves one blank.
    const exception = EXCEPTION.test(body) && (event.blanks.length === 0 || /[A-Z:]/.test(body));
    return stepInFields(event, body) ?? (exception ? 'yes' : undefined);
  }
  return endsInColon(event) && !body.startsWith('{"') ? 'yes' : stepInFields(event, body);
}

/** The second line of a record of `java.util.logging`; another line with a time or a level continues nothing. */
function stepOfMessage(event: OpenEvent, body: string): Step | undefined {
  if (event.form !== 'record' || event.lines.length > 1) return undefined;
  if (!JUL_HEAD.test(event.head) || !JUL_MESSAGE.test(body)) return undefined;
  event.failed = body.startsWith('SEVERE') || body.startsWith('WARNING');
  return 'yes';
}

/** True while the exception of a Python stack is missing. */
function endsInFrame({ last }: OpenEvent): boolean {
  const first = last.charCodeAt(0);
  if (first === 32 || first === 9) return !/^\s*[+|]/.test(last);
  return last.startsWith('╰') || /Traceback \(most recent call last\):\s*$/.test(last);
}

function stepInFailure(
  event: OpenEvent,
  form: 'failure' | 'go' | 'native' | 'v8',
  { opens, indented, body }: ClassifiedLine,
): Step | undefined {
  if (opens === 'blank') return 'blank';
  const afterBlank = event.blanks.length > 0;
  if (indented && (!afterBlank || body.startsWith('\t'))) return 'yes';
  if (TAILS[form].test(body)) return 'yes';
  if (RUBY.test(body) && RUBY.test(event.head)) return 'yes';
  const opensOther = opens === 'python' || opens === 'failure' || body.startsWith('{"');
  if (endsInColon(event) && !opensOther) return 'yes';
  return stepInFields(event, body);
}

/** Names of fields below an error of validation, each with an indented line below it. */
function stepInFields(event: OpenEvent, body: string): Step | undefined {
  if (event.blanks.length > 0 || !FIELD.test(body)) return undefined;
  const listed = FIELDS_FOLLOW.test(event.last) || (isIndented(event.last) && event.lines.some(namesFields));
  return listed ? 'maybe' : undefined;
}

const namesFields = (line: string) => FIELDS_FOLLOW.test(line);

function stepInFrame(event: OpenEvent, { opens, body }: ClassifiedLine): Step | undefined {
  if (opens === 'blank') return 'blank';
  if (body === event.rule) {
    event.rule = '';
    event.framed = true;
    event.complete = event.form === 'frame';
    // A frame around other text is decoration, and its lines are as good as any.
    return event.form === 'frame' && !event.lines.some((line) => REPORT.test(line)) ? 'maybe' : 'yes';
  }
  if (event.form === 'frame' && event.lines.length === 1 && SANITIZER.test(body)) {
    event.rule = '';
    event.form = 'native';
    return 'yes';
  }
  const other = opens === 'python' || opens === 'go' || opens === 'prologue';
  return other || event.lines.length - event.firm >= MAX_FRAME_LINES ? undefined : 'maybe';
}

function stepInWarning(event: OpenEvent, { opens, indented, body }: ClassifiedLine): Step | undefined {
  if (opens === 'blank') return 'blank';
  const certain = event.firm === event.lines.length && event.blanks.length === 0;
  if (indented) return certain || /^\s+\S*warn\w*\(/.test(body) ? 'yes' : undefined;
  if (body.startsWith('(Use `node ')) return 'yes';
  // Behind the line of source nothing follows.
  return opens === 'plain' && event.firm === 1 && event.lines.length < MAX_WARNING_LINES
    ? 'maybe'
    : undefined;
}

function stepInObject(event: OpenEvent, { opens, body, indented }: ClassifiedLine): Step | undefined {
  if (opens === 'blank') return 'blank';
  const first = body.charCodeAt(0);
  // At the margin stand names, and brackets that close; one that opens begins another object.
  if (!indented && first !== 34 && first !== 125 && first !== 93) return undefined;
  event.depth += depthOf(body);
  event.complete = event.depth <= 0;
  return event.complete ? 'yes' : 'maybe';
}

/** By how many brackets the line opens more than it closes, those in strings aside. */
function depthOf(body: string): number {
  let depth = 0;
  for (const [token] of body.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
  }
  return depth;
}

function stepInStatement(event: OpenEvent, { opens, body }: ClassifiedLine): Step | undefined {
  if (opens === 'blank') return 'blank';
  if (event.head.endsWith(':')) return /^(?:Tcp port: |Time\s+Id )/.test(body) ? 'yes' : undefined;
  if (opens === 'statement')
    return body.startsWith('# User') && event.last.startsWith('# Time') ? 'yes' : undefined;
  return 'yes';
}

/** True if the last line says that its message goes on below: it ends in a colon and is no line of source. */
function endsInColon({ last }: OpenEvent): boolean {
  return /^\S.*:\s*$/.test(last);
}

/** True if the line ends as lines do whose message goes on below, or has only begun. */
function saysMore(last: string): boolean {
  let end = last.length - 1;
  while (end >= 0 && last.charCodeAt(end) <= 32) end--;
  // Characters are looked at before the pattern, which searches the whole line, and most lines end in a letter or digit.
  return SAYS_MORE.has(last.charCodeAt(end)) && /(?:[:{[(,\\]|\s[-|])\s*$/.test(last);
}

/** `: { [ ( , \ - |` */
const SAYS_MORE = new Set([58, 123, 91, 40, 44, 92, 45, 124]);
