import { matchAt, skipBlanks } from '../../record/match-at.ts';
import { type Severity, severityOfSyslog, severityOfWord } from '../../record/severity.ts';
import { sentenceSeverity, sentenceSeverityAnywhere } from './failure-sentences.ts';
import { findLevelBeforeTime, findLevelField, findLevelMark, findPriority } from './level-field.ts';
import { severityOfValue } from './read-level.ts';
import { readWriterPrefix } from './writer-prefix.ts';

/** NCCL's lines, with the source's line before those of WARN; its table of results is often glued to the front of one. */
const NCCL = /:\d+:\d+ (?:\[-?\d+\] )?(?:[\w./-]{1,120}:\d+ )?(?:NCCL|RCCL) (INFO|WARN|TRACE|ERROR)\b/;
/** Ninth field of IBM's RAS lines. */
const RAS = / RAS \w+ (INFO|WARNING|ERROR|SEVERE|FATAL|FAILURE)\b/;
const LOGFMT = /[a-z][\w.@-]*=/y;
const LOGFMT_LEVEL = /(?:^|\s)(?:level|lvl|severity|loglevel|log\.level)="?([A-Za-z]+)/;
const JSON_LEVEL =
  /"(?:level|severity|levelname|lvl|loglevel|log\.level)"\s*:\s*(?:"([^"\n]{1,40})"|(\d{1,3}))\s*[,}]/;
/** `gcc: error: no input files` */
const TOOL_ERROR = /[\w./-]{1,40}(?:\[\d+\])?: error: /y;
/** The second line of an event of java.util.logging begins with its level. */
const JAVA_LEVEL = /\n(SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): /;

/** Characters of a text in which sentences are searched; joined stacks have theirs in their first or last lines. */
const SENTENCE_SPAN = 2048;
const FIELD_SPAN = 512;
/** Lines of a text in which a sentence may begin. */
const MAX_LINES = 64;

const CLOCK = /\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?[AaPp][Mm])?(?=[ |])/y;

const BRACE = 123;
const QUOTE = 34;
/** Syslog's notice: what `logger` and `syslog()` send where nobody chose a priority. */
const NOTICE = 5;

function memberLevel(text: string): Severity | undefined {
  const member = JSON_LEVEL.exec(text.length > 2 * SENTENCE_SPAN ? text.slice(0, 2 * SENTENCE_SPAN) : text);
  return member ? severityOfValue(member[1] ?? Number(member[2])) : undefined;
}

function levelInHead(text: string, start: number, afterTime: number): Severity | undefined {
  const code = text.charCodeAt(start);
  if (code === BRACE || code === QUOTE) {
    const level = memberLevel(text);
    if (level) return level;
  }
  const isTimed = afterTime > start;
  // A clock without a date gives no time, but what stands behind it is read as behind one.
  const clock = isTimed || !(code >= 48 && code <= 57) ? null : matchAt(CLOCK, text, start);
  const body = isTimed ? afterTime : clock ? start + clock[0].length : start;
  const level =
    findLevelMark(text, start, afterTime) ??
    (isTimed ? findLevelBeforeTime(text, start, afterTime) : undefined) ??
    logfmtLevel(text, start, body) ??
    findLevelField(text, body, body > start, sentenceSeverity);
  if (level) return level;
  const special =
    (text.includes('CCL ') ? NCCL.exec(text.slice(start, start + FIELD_SPAN)) : null) ??
    (isTimed && text.includes(' RAS ') ? RAS.exec(text.slice(0, FIELD_SPAN)) : null);
  return special ? severityOfWord(special[1]!) : undefined;
}

function isLogfmt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 97 && code <= 122 && matchAt(LOGFMT, text, at) !== null;
}

function logfmtLevel(text: string, start: number, body: number): Severity | undefined {
  if (!isLogfmt(text, text.charCodeAt(body) === 32 ? body + 1 : body) && !isLogfmt(text, start))
    return undefined;
  const field = LOGFMT_LEVEL.exec(text.slice(start, start + FIELD_SPAN));
  return field ? severityOfWord(field[1]!) : undefined;
}

/** The severity of a sentence with which a line behind the first one begins. */
function levelOfLines(text: string): Severity | undefined {
  let at = text.indexOf('\n') + 1;
  for (let line = 0; at > 0 && line < MAX_LINES; line++) {
    let start = at;
    const code = text.charCodeAt(at);
    // Only a line at the margin, or behind a prefix, begins a sentence; most lines of a stack are indented.
    if (code !== 32 && code !== 9) {
      if (code <= 57 || code === 91 || code === 82 || code === 114)
        start += readWriterPrefix(lineAt(text, at)).length;
      const severity = sentenceSeverity(text, start);
      if (severity) return severity;
      if (matchAt(TOOL_ERROR, text, start)) return severityOfWord('error');
    }
    at = text.indexOf('\n', at) + 1;
  }
  return undefined;
}

function lineAt(text: string, at: number): string {
  const end = text.indexOf('\n', at);
  return text.slice(at, end < 0 ? at + FIELD_SPAN : Math.min(end, at + FIELD_SPAN));
}

/**
 * The severity that a text shows: its level field, else the meaning of one of a few well-known sentences, else undefined. Words in the
 * middle of a text do not count.
 * @param afterTime where the time at the head of the text ends; 0 where it has none
 * @param behindPrefix where the text begins behind the prefix that names its writer
 */
export function guessSeverity(text: string, afterTime = 0, behindPrefix = 0): Severity | undefined {
  const start = skipBlanks(text, behindPrefix);
  const priority = findPriority(text, start);
  if (priority !== undefined) {
    const behind = text.indexOf('>', start) + 1;
    // A level in the text says more than a priority that nobody chose.
    const written = priority >= NOTICE ? levelInHead(text, behind, afterTime) : undefined;
    return priority < NOTICE ? severityOfSyslog(priority) : (written ?? severityOfSyslog(priority));
  }
  const level = levelInHead(text, start, afterTime);
  if (level) return level;
  const span =
    text.length > SENTENCE_SPAN
      ? `${text.slice(0, SENTENCE_SPAN / 2)}\n${text.slice(-SENTENCE_SPAN / 2)}`
      : text;
  const anywhere = sentenceSeverityAnywhere(span);
  if (anywhere || !span.includes('\n')) return anywhere;
  const java = afterTime > 0 ? JAVA_LEVEL.exec(span) : null;
  return java ? severityOfWord(java[1]!) : levelOfLines(span);
}
