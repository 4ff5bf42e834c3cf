import { matchAt } from '../../record/match-at.ts';
import { type Severity, severityOfSyslog, severityOfWord } from '../../record/severity.ts';

/** Words that are a level in upper case, at the place of a level. */
const UPPER = new Set(
  (
    'TRACE DEBUG INFO NOTICE WARN WARNING ERROR ERR SEVERE CRITICAL CRIT FATAL ALERT EMERG EMERGENCY PANIC VERBOSE SUCCESS ' +
    'TRAC DEBU ERRO FATA PANI WARNI CRITI TRC DBG INF WRN FTL VRB'
  ).split(' '),
);
/** Those that also begin sentences and titles: `CRITICAL path length 5`. At the head of a line without a time a mark has to follow. */
const TITLES = new Set(
  'NOTICE SEVERE CRITICAL CRIT ALERT EMERG EMERGENCY PANIC SUCCESS TRC DBG INF FTL'.split(' '),
);
/** PostgreSQL's and NestJS's LOG and levels of Java: only with a mark behind them. */
const MARKED = new Set('LOG CONFIG FINE FINER FINEST'.split(' '));
interface UpperWord {
  readonly severity: Severity;
  readonly needsMark: boolean;
  readonly beginsTitles: boolean;
}

const UPPER_WORDS: ReadonlyMap<string, UpperWord> = new Map(
  [...UPPER, ...MARKED].map((word) => [
    word,
    { severity: severityOfWord(word)!, needsMark: MARKED.has(word), beginsTitles: TITLES.has(word) },
  ]),
);
/** Words that are a level in any letter case, before a colon or in brackets. */
const LOWER = new Set(
  'trace debug info notice warn warning error err crit critical alert emerg emergency fatal panic verbose success'.split(
    ' ',
  ),
);
/** `fail: Microsoft.Hosting[14]` of .NET */
const DOTNET = /(?:fail|crit|dbug|trce): \S+\[\d+\]/y;
const DOTNET_LEVELS: Readonly<Record<string, string>> = { f: 'error', c: 'crit', d: 'debug', t: 'trace' };

const GLOG = /\[?([IWEFCDV])(?:\d{3,4}|\d{6}|\d{8}) \d\d:\d\d:\d\d/y;
/** A single letter behind the time: of TensorFlow before a file's line, of MongoDB and Android before a name, of structlog before two blanks. */
const LETTER = /([IWEFDV]) +(?=[^\s:]{1,160}:\d+\]|[A-Z]{3,12} {2}|[\w.]{1,40}: )/y;
const ANDROID = /([VDIWEF])\/[\w.$-]{1,40}(?:\( *\d+\))?:/y;
/** A letter before a clock without a date: `E 20:31:01 cannot export`. */
const LETTER_BEFORE_CLOCK = /([IWEFDCV]),? \d\d:\d\d:\d\d\b/y;
/** In brackets: `I 2026-…`, `NeMo W 2026-…`, `INFO|trainer.py:2134`, `ERROR 2026-…`, `ERROR: …`, `core:error`, `main/WARN`. */
const IN_BRACKETS =
  /^(?:\w{1,16} )?([IWEFDC])(?= \d)|^(?:\w{1,24} )?([A-Z]{3,9})(?=[|:/]| [a-z\d])|^\w*:(\w{3,9})$|[\w)]\/([A-Z]{3,9})$/;
/** `:ERROR:` of RDS, `/DEBUG/` of locust, within one word */
const EMBEDDED = /[:/]([A-Z]{3,9})[:/]/;
/** `4,1845,5116211406,-;` of /dev/kmsg: eight facilities of eight priorities each */
const KMSG = /(\d{1,3}),\d+,\d+,[-c+]/y;
const PRIORITY = /<(\d{1,3})>/y;
/** `kern  :err   : ` of `dmesg -x` */
const FACILITY = /(?:kern|user|daemon|syslog|auth|authpriv|cron|mail|local\d) *:([a-z]+) *: /y;
/** A mark behind the time of Redis: `.` debug, `-` verbose, `*` notice, `#` warning */
const REDIS = /\d{1,7}:[CMSX] \d\d? |\[\d+\] \d\d? /y;
const REDIS_LEVELS: Readonly<Record<string, string>> = {
  '#': 'warning',
  '*': 'notice',
  '-': 'verbose',
  '.': 'debug',
};

/** Behind a level word, what makes of it a count or a title: `ERROR: 0`, `FATAL: 0 WARN: 3`, `Error: none`, `ERROR rate 0.1`. */
const COUNT =
  /\s*[:=-]?\s*(?:[-+]?\d[\d.,]*%?\s*(?:$|\n|[,;|/)\]]?\s*[A-Z]{3,12}s?\s*[:=]?\s*\d)|0\s+[a-z]|(?:none|null|no|nil|n\/a|false)\s*(?:$|\n|[.,;|)]))| (?:rate|count|code|budget|bar|total|level|threshold|margin)s?\b/iy;
/** In lower or mixed case any number behind the word is a value: `error: 0.05`. */
const NUMBER = /\s*[-+]?\.?\d/y;
/** A program, a file's line or a step of SLURM before its level: `srun:`, `app[77]:`, `a.c:12:5:`, `/usr/bin/ld:`. */
const PROGRAM = /^(?:[a-z/.~]|\[\d|[\w.+-]*\[\d+\]:|[\w./+-]+\.\w+:)[^\s]*:$/;
const NO_PROGRAM =
  /^(?:status|state|result|level|severity|type|last|max|min|mean|avg|total|test|val|train)\b/;
/** The host before `program[7]: ` of a syslog line */
const HOST = /[\w.-]+ [\w./@-]+(?:\[\d+\])?: /y;
/** `root - ERROR`, `heat2d | WARN` */
const NAME = /[\w.$-]{1,80} +[-|] +(?=[A-Z]{3,9}\b)/y;
/** ` - root - ERROR - `, the usual format of Python behind the time */
const DASHED = / - [\w.$-]{1,80} - ([A-Z]{3,9}) - /y;
/** A name in a column before that of the level: `asyncio  ERROR`, `asyncio ERROR    ` */
const COLUMN = /[\w.$-]{1,80}(?= {2,20}[A-Z]{3,9}\b| [A-Z]{3,9} {2})/y;

const MAX_TOKENS = 6;
const MAX_TOKEN = 160;
/** Longer words are no level. */
const MAX_LETTERS = 16;
const MAX_BRACKET = 160;

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

function isUpperCase(code: number): boolean {
  return code >= 65 && code <= 90;
}

/** Classes of characters, as bits by their codes: a table is faster than comparisons, and every line passes here. */
const CLASSES = new Uint8Array(128);
const LETTER_CLASS = 1;
const SEPARATOR_CLASS = 2;
const MACHINE_CLASS = 4;

function classify(characters: string, bit: number): void {
  for (const character of characters) CLASSES[character.charCodeAt(0)]! |= bit;
}

classify('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', LETTER_CLASS);
/** Blanks and the marks between the fields of a head. */
classify(' \t|:,])->', SEPARATOR_CLASS);
/** What no word of a sentence has. */
classify('0123456789_./:@#=<>[]', MACHINE_CLASS);

function isOf(bit: number, code: number): boolean {
  return code < 128 && (CLASSES[code]! & bit) !== 0;
}

function isLetter(code: number): boolean {
  return isOf(LETTER_CLASS, code);
}

function skipSeparators(text: string, start: number): number {
  let at = start;
  while (isOf(SEPARATOR_CLASS, text.charCodeAt(at))) at++;
  return at;
}

function levelInBrackets(content: string, timed: boolean): Severity | undefined {
  const word = content.trim();
  if (word === 'Hardware Error') return severityOfWord('error');
  if (word.length === 1) return /[IWEFDVC]/.test(word) ? severityOfWord(word) : undefined;
  const plain = word.endsWith(':') ? word.slice(0, -1).trimEnd() : word;
  if (plain.length <= 11) {
    const lower = plain.toLowerCase();
    if (LOWER.has(lower) || UPPER.has(plain)) return severityOfWord(plain);
    if (timed && lower === 'note') return severityOfWord('notice');
  }
  const inside = IN_BRACKETS.exec(word);
  const found = inside && (inside[1] ?? inside[2] ?? inside[3] ?? inside[4]!);
  if (!found) return undefined;
  if (found.length === 1) return severityOfWord(found);
  return UPPER.has(found) || (inside[3] !== undefined && LOWER.has(found))
    ? severityOfWord(found)
    : undefined;
}

/** True where a character ends a level word in upper case: letters, digits, `_` and `.` make another word of it. */
function endsUpper(code: number, timed: boolean): boolean {
  if (Number.isNaN(code) || isBlank(code) || code === 10) return true;
  // : ] ) > | - , [
  if (code === 58 || code === 93 || code === 41 || code === 62 || code === 124) return true;
  return code === 45 || code === 44 || code === 91 || (code === 47 && timed);
}

function levelOfUpper(text: string, at: number, end: number, timed: boolean): Severity | undefined {
  const next = text.charCodeAt(end);
  const after = text.charCodeAt(end + 1);
  // DEBUG1 … DEBUG5 of PostgreSQL
  if (next >= 49 && next <= 53)
    return after === 58 && text.startsWith('DEBUG', at) ? severityOfWord('DEBUG') : undefined;
  if (!endsUpper(next, timed)) return undefined;
  const word = UPPER_WORDS.get(text.slice(at, end));
  if (!word) return undefined;
  if (word.needsMark)
    return timed && (next === 58 ? isBlank(after) : isBlank(next) && after === 91)
      ? word.severity
      : undefined;
  if ((next === 58 || (next === 32 && !timed)) && matchAt(COUNT, text, end)) return undefined;
  if (!timed && next === 32 && word.beginsTitles && !isBlank(after) && !MARK.test(text.charAt(end + 1)))
    return undefined;
  return word.severity;
}

const MARK = /[[(|:\d-]/;

function levelOfLower(text: string, at: number, end: number): Severity | undefined {
  const next = text.charCodeAt(end);
  const after = text.charCodeAt(end + 1);
  const word = text.slice(at, end);
  // debug2: of SLURM
  if (next >= 49 && next <= 53) return after === 58 && word === 'debug' ? severityOfWord(word) : undefined;
  if (next !== 58 || !(Number.isNaN(after) || isBlank(after) || after === 10)) return undefined;
  if (end - at === 4 && matchAt(DOTNET, text, at)) return severityOfWord(DOTNET_LEVELS[word[0]!]!);
  const lower = word.toLowerCase();
  if (!LOWER.has(lower) || (word !== lower && TITLES.has(word.toUpperCase()) && lower !== 'critical'))
    return undefined;
  return matchAt(NUMBER, text, end + 1) || matchAt(COUNT, text, end) ? undefined : severityOfWord(word);
}

/** The level that the letters from `at` to `end` are, judged by what follows them. */
function levelOfWord(text: string, at: number, end: number, timed: boolean): Severity | undefined {
  if (end - at < 3 || end - at > 9) return undefined;
  return isUpperCase(text.charCodeAt(at + 1))
    ? levelOfUpper(text, at, end, timed)
    : levelOfLower(text, at, end);
}

/** Where the letters at `at` end. */
function lettersEnd(text: string, at: number): number {
  const limit = at + MAX_LETTERS;
  let end = at;
  while (end < limit && isLetter(text.charCodeAt(end))) end++;
  return end;
}

/** The closing bracket of the one at `at`, where it is near and on the same line; else -1. */
function closingBracket(text: string, at: number, code: number): number {
  const close = code === 91 ? 93 : code === 40 ? 41 : 62;
  const limit = Math.min(text.length, at + MAX_BRACKET);
  let depth = 1;
  for (let end = at + 1; end < limit; end++) {
    const found = text.charCodeAt(end);
    if (found === code) depth++;
    if (found === close && --depth === 0) return end;
    if (found === 10) return -1;
  }
  return -1;
}

function isOpening(code: number): boolean {
  return code === 91 || code === 40 || code === 60;
}

/** A level within a word that is not the whole of it: `:ERROR:`, `/DEBUG/`. */
function embeddedLevel(token: string): Severity | undefined {
  if (!token.includes(':') && !token.includes('/')) return undefined;
  const word = EMBEDDED.exec(token)?.[1];
  return word !== undefined && UPPER.has(word) ? severityOfWord(word) : undefined;
}

/**
 * Reads the fields at the head of a line from `start` on, one by one, until one is a level, a sentence begins that shows one, or the head ends.
 * @param timed true behind a time, where a word is more likely to be a field
 * @param sentenceAt the severity of a sentence that begins at a position
 */
export function findLevelField(
  text: string,
  start: number,
  timed: boolean,
  sentenceAt: (text: string, at: number) => Severity | undefined,
): Severity | undefined {
  if (timed && text.charCodeAt(start + 1) === 45) {
    const dashed = matchAt(DASHED, text, start);
    const level = dashed ? UPPER_WORDS.get(dashed[1]!) : undefined;
    if (level) return level.severity;
  }
  let at = start;
  for (let step = 0; step < MAX_TOKENS; step++) {
    // At the head of a line without a time a mark is not behind anything.
    if (timed || step > 0) at = skipSeparators(text, at);
    else while (isBlank(text.charCodeAt(at))) at++;
    const code = text.charCodeAt(at);
    if (isOpening(code)) {
      const close = closingBracket(text, at, code);
      if (close < 0) return undefined;
      const level = levelInBrackets(text.slice(at + 1, close), timed);
      if (level) return level;
      at = close + 1;
      continue;
    }
    if (isLetter(code)) {
      const end = lettersEnd(text, at);
      const level = levelOfWord(text, at, end, timed);
      if (level) return level;
      if (timed && end === at + 1) {
        const letter = matchAt(LETTER, text, at) ?? matchAt(ANDROID, text, at);
        if (letter) return severityOfWord(letter[1]!);
      }
    }
    const sentence = sentenceAt(text, at);
    if (sentence) return sentence;
    const next = readField(text, at, timed, step === 0 ? start : -1);
    if (typeof next !== 'number') return next;
    at = next;
  }
  return undefined;
}

/**
 * Where the field at `at` ends, if it is one that may stand before a level; the level that it holds itself; else undefined.
 * @param afterTime where the time ends, if the field is the first one behind it; else -1
 */
function readField(
  text: string,
  at: number,
  timed: boolean,
  afterTime: number,
): number | Severity | undefined {
  const limit = Math.min(text.length, at + MAX_TOKEN);
  let end = at;
  let isMachine = false;
  let code = 0;
  for (; end < limit; end++) {
    code = text.charCodeAt(end);
    if (code === 32 || code === 9 || code === 10 || code === 124) break;
    isMachine ||= isOf(MACHINE_CLASS, code);
  }
  if (end === at) return undefined;
  const closed = text.charCodeAt(end - 1) === 58;
  if (closed || (timed && isMachine)) {
    const token = text.slice(at, end);
    const level = timed && isMachine ? embeddedLevel(token) : undefined;
    if (level) return level;
    if (closed) return PROGRAM.test(token) && !NO_PROGRAM.test(token) ? end : undefined;
    return end;
  }
  // A name: what follows it shows whether it is one.
  const mark = text.charCodeAt(end + 1);
  if (code === 124 || mark === 45 || mark === 124 || mark === 32) {
    const named = matchAt(NAME, text, at);
    if (named) return at + named[0].length;
  }
  if (!timed) return undefined;
  // Behind the milliseconds of Python's `asctime` the name of a logger may stand.
  if (afterTime >= 4 && text.charCodeAt(afterTime - 4) === 44) return end;
  if ((isUpperCase(mark) || mark === 32) && matchAt(COLUMN, text, at)) return end;
  return afterTime >= 0 && matchAt(HOST, text, at) ? end : undefined;
}

/** The level that stands before the time: `ERROR 11-28 15:28:15`, `[INFO|trainer.py:2134] 2026-…`, `[NeMo W 2026-…`. */
export function findLevelBeforeTime(text: string, start: number, afterTime: number): Severity | undefined {
  let at = start;
  for (let step = 0; step < 3 && at < afterTime; step++) {
    while (isBlank(text.charCodeAt(at))) at++;
    const code = text.charCodeAt(at);
    if (isLetter(code)) return levelOfWord(text, at, lettersEnd(text, at), true);
    const first = text.charCodeAt(at + 1);
    if (code !== 91 || (first >= 48 && first <= 57)) return undefined;
    const close = closingBracket(text, at, code);
    if (close < 0) return undefined;
    const level = levelInBrackets(text.slice(at + 1, close), true);
    if (level) return level;
    at = close + 1;
  }
  return undefined;
}

/** A mark of the level before everything else in a line, or right behind its time: kmsg's number, `kern  :err   :`, glog's letter, Redis's sign. */
export function findLevelMark(text: string, start: number, afterTime: number): Severity | undefined {
  const code = text.charCodeAt(start);
  const second = text.charCodeAt(start + 1);
  if (code >= 48 && code <= 57) {
    const kmsg = second === 44 || text.charCodeAt(start + 2) === 44 ? matchAt(KMSG, text, start) : null;
    if (kmsg) return severityOfSyslog(Number(kmsg[1]) & 7);
    return redisLevel(text, start, afterTime);
  }
  if (code === 91) {
    const found = isUpperCase(second) ? matchAt(GLOG, text, start) : null;
    return found ? severityOfWord(found[1]!) : redisLevel(text, start, afterTime);
  }
  if (isUpperCase(code)) {
    if (isLetter(second)) return undefined;
    const found =
      second === 47
        ? matchAt(ANDROID, text, start)
        : (matchAt(GLOG, text, start) ?? matchAt(LETTER_BEFORE_CLOCK, text, start));
    return found ? severityOfWord(found[1]!) : undefined;
  }
  const facility =
    code >= 97 && code <= 122 && text.indexOf(':', start) < start + 12
      ? matchAt(FACILITY, text, start)
      : null;
  return facility ? severityOfWord(facility[1]!) : undefined;
}

function redisLevel(text: string, start: number, afterTime: number): Severity | undefined {
  // Behind `2026-` a dash is the separator of a field.
  if (text.charCodeAt(start + 4) === 45 || text.charCodeAt(afterTime + 2) !== 32) return undefined;
  if (text.charCodeAt(afterTime) !== 32) return undefined;
  const mark = REDIS_LEVELS[text.charAt(afterTime + 1)];
  return mark !== undefined && matchAt(REDIS, text, start) ? severityOfWord(mark) : undefined;
}

/** The priority (0 to 7) of a syslog line, or of a line for systemd: `<11>`; undefined for other lines. */
export function findPriority(text: string, start: number): number | undefined {
  if (text.charCodeAt(start) !== 60) return undefined;
  const match = matchAt(PRIORITY, text, start);
  const number = match ? Number(match[1]) : Number.NaN;
  return number <= 191 ? number & 7 : undefined;
}
