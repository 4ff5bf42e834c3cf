import { matchAt } from '../../record/match-at.ts';
import { stripAnsi } from './clean-text.ts';

/** What a launcher, a framework or docker writes before each line of a process, so that its lines can be told from those of others. */
export interface WriterPrefix {
  /** Characters of the line that belong to it, with the space behind it; 0 where there is none. */
  readonly length: number;
  /** Names the writer: lines with other names are other streams. '' where none is named. */
  readonly writer: string;
  /** The rank that it names, that of the innermost prefix; '' where it names none. */
  readonly rank: string;
}

export const NO_PREFIX: WriterPrefix = { length: 0, writer: '', rank: '' };

const ESCAPE = '\u001b';
const STREAM = '(?:<std(?:out|err|diag)>)';
/** A space that is no part of an indentation: some write one behind their colon, and some do not. */
const SPACE = '(?: (?=\\S|$))?';

/** `(RayTrainWorker pid=616, ip=10.0.0.1) `, `(Worker_TP3 pid=77) `, `(VllmWorker rank=1 pid=7) `, `(raylet) `, `(autoscaler +2s) ` */
const PROCESS =
  /\((?:[\w.:-]{1,64} )?pid=\d+(?:, ip=[\w.:-]+)?\) ?|\((?:raylet|gcs_server|autoscaler)(?:[ ,][^()\n]{0,64})?\) ?|\((?:[^()\n]|\([^()\n]{0,64}\)){0,96}?\bpid=\d+(?:,[^()\n]{0,64})?\) ?/y;
/** vLLM names a process by its place in a group; the place is its rank where there is one group. */
const PROCESS_RANK = /^\((?:[^)]{0,96}\brank=(\d{1,6})\b|Worker_TP(\d{1,6})(?:_EP\d+)? pid=)/;
/** `[rank3]: `, `[rank: 0] `, `[Rank 3] ` */
const RANK = /\[[Rr]ank[ :=]{0,2}(\d{1,6})\]:? ?/y;
/** `[default3]:` of torchrun, which knows the rank within the machine, and the same with a role's name */
const LOCAL_RANK = new RegExp(`\\[(?:default|trainer|worker)(\\d{1,6})\\]:${SPACE}`, 'y');
/** `[1,3]<stderr>:` of Open MPI, `[prterun-host-1@1,3]<stderr>: ` of its version 5, `[3]<stderr>:` of Horovod */
const TAGGED = new RegExp(`\\[(?:[\\w.@-]{1,80},)?(\\d{1,6})\\]${STREAM}:?${SPACE}`, 'y');
/** `[gpu3:04711] `: host and process before each line of Open MPI's own messages. File and line have fewer digits. */
const HOST_PROCESS = /\[[\w.-]{1,64}:\d{5,8}\] /y;
/** `[pod/name/container] ` of kubectl */
const POD = /\[pod\/[\w./-]{1,200}\] /y;
/** `[3] ` of MPICH. R writes `[1] "a"` and `[1] 0.5` for its results. */
const NUMBERED = /\[(\d{1,6})\] (?=[^"\d.-]|\d{4}[-/]|$)/y;
/** `3: ` of `srun --label`, ` 3: ` among ten tasks and more. A wider one, or one before an address, is a frame of a stack. */
const LABEL = /(?:(\d{1,6})| (\d\d?)| {2}(\d)):(?: (?!0x)|$)/y;
const RANK_WORD = /[Rr]ank[ =]?(\d{1,6}):(?: |$)/y;
/** A column before a bar that holds levels and no names. */
const LEVEL = /^(?:TRACE|DEBUG|INFO|NOTICE|SUCCESS|WARN|WARNING|ERR|ERROR|CRITICAL|FATAL)\b/;
/** PM2 writes its number of the program before the name. */
const PM2 = /^\d{1,4}\|[\w@./-]/;
/** `-`, `/`: what stands behind the year of a date */
const YEAR = new Set([45, 47]);
const MAX_PREFIXES = 4;
const MAX_NAME = 64;
/** Characters in which prefixes with colours are looked for. */
const HEAD = 256;

/**
 * The prefix that names the writer of a line. Every reader of lines goes by it: what joins them, what finds level and time behind it,
 * and what shows ranks. Colours may stand around it and in it.
 */
export function readWriterPrefix(line: string): WriterPrefix {
  const first = line.charCodeAt(0);
  if (first === 27 || ((first === 40 || first === 91) && line.includes(ESCAPE))) return readColoured(line);
  return readPlain(line);
}

function readPlain(line: string): WriterPrefix {
  let at = 0;
  let rank = '';
  /** True behind `[rank3]:`. What stands behind it and looks like another rank is text. */
  let ranked = false;
  for (let count = 0; count < MAX_PREFIXES; count++) {
    const code = line.charCodeAt(at);
    let match: RegExpExecArray | null = null;
    if (code === 40) match = matchAt(PROCESS, line, at);
    else if (code === 91) match = matchBracket(line, at, ranked);
    else if (at > 0) break;
    else if (code <= 57) match = mayBeLabel(line) ? matchAt(LABEL, line, 0) : null;
    else if (code === 82 || code === 114) match = matchAt(RANK_WORD, line, 0);
    const length = match ? match[0].length : at === 0 ? nameLength(line, code) : 0;
    if (length === 0) break;
    at += length;
    if (match && !ranked) rank = rankOf(match, code) ?? rank;
    ranked ||= code === 91 && match![0].startsWith('ank', 2);
  }
  return at === 0 ? NO_PREFIX : { length: at, writer: line.slice(0, at).trim(), rank };
}

function matchBracket(line: string, at: number, ranked: boolean): RegExpExecArray | null {
  const second = line.charCodeAt(at + 1);
  // Most lines that begin with a bracket begin with a time, `[2026-`: nothing of the forms below.
  if (second >= 49 && second <= 50 && YEAR.has(line.charCodeAt(at + 5))) return null;
  // R, r
  const rank = (second | 32) === 114 && !ranked ? matchAt(RANK, line, at) : null;
  if (rank) return rank;
  const match = matchAt(LOCAL_RANK, line, at) ?? matchAt(TAGGED, line, at) ?? matchAt(HOST_PROCESS, line, at);
  if (match) return match;
  return at === 0 ? (matchAt(NUMBERED, line, 0) ?? matchAt(POD, line, 0)) : null;
}

function rankOf(match: RegExpExecArray, first: number): string | undefined {
  const named = first === 40 ? PROCESS_RANK.exec(match[0]) : match;
  return named?.[1] ?? named?.[2] ?? named?.[3];
}

/** True where digits or spaces come first and a colon behind them: most lines that begin so begin with a time. */
function mayBeLabel(line: string): boolean {
  let at = 0;
  while (line.charCodeAt(at) === 32 && at < 2) at++;
  const digits = at;
  while (isDigit(line.charCodeAt(at))) at++;
  return at > digits && line.charCodeAt(at) === 58;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Length of `name  | ` of compose, `0|name  | ` of PM2, `name.1.id@host  | ` of docker service; 0 for other lines. */
function nameLength(line: string, first: number): number {
  // Only PM2 has a digit at its head. For names of containers that begin with one, all times would be looked through.
  if (isDigit(first) && !PM2.test(line)) return 0;
  let end = 0;
  while (end < MAX_NAME && isNameCharacter(line.charCodeAt(end))) end++;
  if (end === 0) return 0;
  if (isDigit(first)) {
    end++;
    while (end < MAX_NAME && isNameCharacter(line.charCodeAt(end))) end++;
  }
  while (end < 2 * MAX_NAME && line.charCodeAt(end) === 32) end++;
  if (line.charCodeAt(end) !== 124) return 0;
  const closed = end + 1 === line.length || line.charCodeAt(end + 1) === 32;
  return closed && !LEVEL.test(line) ? Math.min(end + 2, line.length) : 0;
}

/** Letters, digits and `_ . / @ -` */
function isNameCharacter(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || (code >= 45 && code <= 57) || (code >= 64 && code <= 90) || code === 95
  );
}

function readColoured(line: string): WriterPrefix {
  const head = line.slice(0, HEAD);
  const plain = stripAnsi(head);
  const prefix = readPlain(plain);
  if (prefix.length === 0) return NO_PREFIX;
  const rest = plain.slice(prefix.length);
  let length = prefix.length;
  while (length < head.length && stripAnsi(head.slice(length)) !== rest) length++;
  return { ...prefix, length };
}
