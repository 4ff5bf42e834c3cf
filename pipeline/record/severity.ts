/** The five levels that a stored record can have, mildest first (OpenTelemetry's ranges without TRACE). */
export const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;

export type Level = (typeof LEVELS)[number];

/** A level, and the spelling it was received in where that is not just the level in lower or upper case; else ''. */
export interface Severity {
  readonly level: Level;
  readonly spelling: string;
}

const SPELLINGS: Record<Level, readonly string[]> = {
  debug: [
    'debug',
    'trace',
    'verbose',
    'dbg',
    'debu',
    'dbug',
    'trc',
    'trac',
    'trce',
    'vrb',
    'fine',
    'finer',
    'finest',
    'silly',
    'd',
    't',
    'v',
  ],
  info: [
    'info',
    'notice',
    'note',
    'information',
    'informational',
    'log',
    'success',
    'inf',
    'config',
    'http',
    'i',
    'n',
  ],
  warn: ['warn', 'warning', 'warni', 'wrn', 'w'],
  error: ['error', 'err', 'erro', 'severe', 'failure', 'fail', 'e'],
  fatal: [
    'fatal',
    'fata',
    'ftl',
    'critical',
    'criti',
    'crit',
    'alert',
    'emerg',
    'emergency',
    'panic',
    'pani',
    'dpanic',
    'f',
    'c',
    'a',
  ],
};

const LEVEL_OF = new Map<string, Level>(
  LEVELS.flatMap((level) => SPELLINGS[level].map((spelling) => [spelling, level] as const)),
);

function make(level: Level, spelling: string): Severity {
  return { level, spelling: spelling === level || spelling === level.toUpperCase() ? '' : spelling };
}

/** The severities of the usual spellings, so that most lookups make no new string and no new object. */
const USUAL = new Map<string, Severity>(
  [...LEVEL_OF].flatMap(([word, level]) =>
    [word, word.toUpperCase(), word[0]!.toUpperCase() + word.slice(1)].map(
      (w) => [w, make(level, w)] as const,
    ),
  ),
);

/** The severity that a word or a single letter names, in any case; undefined where it names none. */
export function severityOfWord(word: string): Severity | undefined {
  const usual = USUAL.get(word);
  if (usual || word.length > 16) return usual;
  const level = LEVEL_OF.get(word.trim().toLowerCase());
  return level && make(level, word);
}

/** Pino's and bunyan's numbers: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal, and what lies between. */
export function severityOfPino(number: number): Severity | undefined {
  if (!(number >= 10 && number < 100)) return undefined;
  const level = LEVELS[Math.min(Math.max(Math.floor(number / 10) - 2, 0), 4)]!;
  return { level, spelling: String(number) };
}

/** Python's numbers: 10 debug, 20 info, 30 warning, 40 error, 50 critical, and what lies between. */
export function severityOfPython(number: number): Severity | undefined {
  if (!(number >= 1 && number < 100)) return undefined;
  const level = LEVELS[Math.min(Math.max(Math.floor(number / 10) - 1, 0), 4)]!;
  return { level, spelling: String(number) };
}

const MONOLOG: readonly Level[] = ['debug', 'info', 'warn', 'error', 'fatal', 'fatal'];

/** Monolog's numbers: 100 debug, 200 info, 250 notice, 300 warning, 400 error, 500 critical, 550 alert, 600 emergency. */
export function severityOfMonolog(number: number): Severity | undefined {
  const level = number % 50 === 0 ? MONOLOG[Math.floor(number / 100) - 1] : undefined;
  return level && { level, spelling: String(number) };
}

const GOOGLE: readonly Level[] = ['debug', 'info', 'info', 'warn', 'error', 'fatal', 'fatal', 'fatal'];

/** Numbers of Google Cloud: 100 debug, 200 info, 300 notice, 400 warning, 500 error, 600 critical, 700 alert, 800 emergency. */
export function severityOfGoogle(number: number): Severity | undefined {
  const level = number % 100 === 0 ? GOOGLE[number / 100 - 1] : undefined;
  return level && { level, spelling: String(number) };
}

/** OpenTelemetry's severity number, 1 … 24. */
export function severityOfOtlp(number: number): Severity | undefined {
  if (!(number >= 1 && number <= 24)) return undefined;
  const level = LEVELS[Math.max(Math.floor((number - 1) / 4) - 1, 0)]!;
  return { level, spelling: String(number) };
}

const SYSLOG: readonly Level[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'];

/** Syslog's and journald's priority, 0 (emergency) … 7 (debug). */
export function severityOfSyslog(number: number): Severity | undefined {
  const level = SYSLOG[number];
  return level && { level, spelling: String(number) };
}
