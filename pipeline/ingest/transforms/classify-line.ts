import { stripAnsi, trimLineEnd } from './clean-text.ts';
import { readWriterPrefix } from './writer-prefix.ts';

/** The part that a line plays among the lines around it. */
export type LineKind =
  | 'blank'
  /** Starts an event that indented lines may continue: it has a time or a level at its head. */
  | 'opener'
  /** Python's `Traceback …`, also behind a prefix that is repeated on each of its lines */
  | 'traceback'
  /** `{ Error: …`, `XxxError: …`, `Exception in thread …`, `panic: …`: stack frames are to follow */
  | 'failure'
  /** `/app/server.js:12`, above the source line and the error of an uncaught Node exception */
  | 'prologue'
  | 'indented'
  | 'plain';

export interface ClassifiedLine {
  readonly kind: LineKind;
  /** The rank or process that wrote the line, because their lines interleave; '' where none is named. */
  readonly writer: string;
  /** The prefix (level, file and line) that vLLM repeats on every line of one message; '' where there is none. */
  readonly repeated: string;
  /** The line without the writer's and the repeated prefix. */
  readonly body: string;
  /** True if the head says that something failed, so that a bare traceback may belong to it. */
  readonly failed: boolean;
}

const REPEATED =
  /^((?:DEBUG|INFO|WARNING|ERROR|CRITICAL) )\d\d-\d\d \d\d:\d\d:\d\d (\[?[\w./-]+:\d+\]) ?|^(\[[IWEFCDV])\d{3,4} \d\d:\d\d:\d\d(?:\.\d+)? ([\w./-]+:\d+\]) ?/;
const OPENER =
  /^(?:[\w./-]{1,64} *\| )?(?:<\d+>)?[["(]?(?:\d{4}[-/.]\d\d[-/.]\d\d|\d\d[-/](?:\d\d|[A-Z][a-z]{2})[-/]\d{4}|\d\d-\d\d \d\d:|[A-Z][a-z]{2} [ \d]\d \d\d:|[IWEFCDV]\d{4} \d\d:|(?:ts|time|level)=)|^\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b[\]: ]|^\S+:\d+: [A-Z]\w*Warning: /;
const FAILED = /\b(?:ERROR|CRITICAL|FATAL|Error|error|EXCEPTION|Exception|WARNING|WARN)\b/;
const FAILURE =
  /^(?:\{ )?(?:Uncaught )?(?:[\w$]+\.)*[A-Z]?\w*(?:Error|Exception)\b(?: \[\w+\])?(?::|$)|^Exception in thread |^panic: |^fatal error: |^goroutine \d+ \[/;
const PROLOGUE = /^(?:file:\/\/)?\/\S+\.[cm]?[jt]s:\d+$/;
/** Flask's banner: its lines are indented, yet each is an event of its own. */
const BULLET = /^ \* \S/;
/** Characters of a line in which time and level are searched. */
const HEAD = 160;

export function classifyLine(line: string): ClassifiedLine {
  const clean = trimLineEnd(stripAnsi(line.length > 4096 ? line.slice(0, 4096) : line));
  const { length, writer } = readWriterPrefix(clean);
  const written = length === 0 ? clean : clean.slice(length);
  const prefix = REPEATED.exec(written);
  const repeated = prefix ? `${prefix[1] ?? prefix[3]}${prefix[2] ?? prefix[4]}` : '';
  const body = prefix ? written.slice(prefix[0].length) : written;
  const failed = FAILED.test(written.slice(0, HEAD));
  return { kind: kindOf(body, prefix !== null, writer !== ''), writer, repeated, body, failed };
}

function kindOf(body: string, prefixed: boolean, named: boolean): LineKind {
  if (body.startsWith('Traceback (most recent call last)')) return 'traceback';
  if (prefixed) return 'opener';
  if (body.trim() === '') return named ? 'plain' : 'blank';
  const first = body.charCodeAt(0);
  if ((first === 32 || first === 9) && !BULLET.test(body))
    return body.trimStart().startsWith('Traceback (most recent') ? 'traceback' : 'indented';
  if (OPENER.test(body)) return 'opener';
  if (FAILURE.test(body)) return 'failure';
  return PROLOGUE.test(body) ? 'prologue' : 'plain';
}
