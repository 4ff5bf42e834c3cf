import {
  type Severity,
  severityOfGoogle,
  severityOfMonolog,
  severityOfOtlp,
  severityOfPino,
  severityOfPython,
  severityOfSyslog,
  severityOfWord,
} from '../../record/severity.ts';
import { stripAnsi } from './clean-text.ts';

type Read = (value: string | number) => Severity | undefined;
type Fields = Readonly<Record<string, unknown>>;

export interface ReadLevel {
  readonly key: string;
  readonly severity: Severity;
}

const NUMBER = /^\d{1,3}$/;
/** Marks that stand around a level, as in `ERROR:`, `[warn]`, `<info>` */
const MARKS = /^[^A-Za-z]+|[^A-Za-z]+$/g;

/** The severity of a word, which may be coloured or have marks around it. */
function word(value: string | number): Severity | undefined {
  if (typeof value === 'number') return undefined;
  const known = severityOfWord(value);
  if (known || value.length > 40) return known;
  const plain = severityOfWord(stripAnsi(value).replace(MARKS, ''));
  return plain && { level: plain.level, spelling: plain.spelling === '' ? '' : stripAnsi(value).trim() };
}

const number = (read: (value: number) => Severity | undefined): Read => {
  return (value) => (value === '' ? undefined : read(Number(value)));
};

/** Names of fields with a level, the best first. */
export const LEVEL_KEYS: readonly (readonly [key: string, read: Read])[] = [
  ['level', word],
  ['severity', word],
  ['severity_text', word],
  ['loglevel', word],
  ['log_level', word],
  ['lvl', word],
  ['levelname', word],
  ['level_name', word],
  ['log.level', word],
  ['severity_number', number(severityOfOtlp)],
  ['severityNumber', number(severityOfOtlp)],
  ['priority', number(severityOfSyslog)],
  ['PRIORITY', number(severityOfSyslog)],
  ['Level', word],
  ['LogLevel', word],
  ['logLevel', word],
  ['Severity', word],
  ['@l', word],
  ['@level', word],
  ['SeverityText', word],
  ['severityText', word],
  ['SeverityNumber', number(severityOfOtlp)],
  ['LEVEL', word],
];

/** Keys of a record of Python's `logging`, whose numbers are others than those of pino. */
const PYTHON_KEYS = ['levelno', 'funcName', 'pathname', 'lineno', 'threadName', 'processName'] as const;

/** Keys of a record that came by syslog or by a logger that counts as syslog does. */
const SYSLOG_KEYS = [
  ...['facility', 'facility_num', 'syslog_facility', 'SYSLOG_FACILITY', 'pri', 'PRI', 'syslog_pri'],
  ...['programname', 'procid', 'msgid', 'short_message', 'full_message', 'syslogtag'],
] as const;

/**
 * The numbers under `level`: pino's and bunyan's, Python's, Monolog's (hundreds) and syslog's (0 to 7), which are anybody's numbers where
 * nothing else shows syslog: a purchase of level 3 is no error.
 */
function levelNumber(value: number, fields: Fields): Severity | undefined {
  if (value < 10)
    return SYSLOG_KEYS.some((key) => fields[key] !== undefined) ? severityOfSyslog(value) : undefined;
  if (value >= 100) return severityOfMonolog(value);
  return PYTHON_KEYS.some((key) => fields[key] !== undefined)
    ? severityOfPython(value)
    : severityOfPino(value);
}

/** The numbers under `severity`: syslog's, OpenTelemetry's, those that loggers write under `level`, and Google's (hundreds). */
function severityNumber(value: number, fields: Fields): Severity | undefined {
  if (value >= 100) return severityOfGoogle(value);
  if (value < 8) return severityOfSyslog(value);
  return value % 10 !== 0 ? severityOfOtlp(value) : levelNumber(value, fields);
}

/** Names of fields whose number is a level. A word in another field says more, so they come last. */
export const NUMBER_KEYS: readonly (readonly [
  key: string,
  read: (value: number, fields: Fields) => Severity | undefined,
])[] = [
  ['level', levelNumber],
  ['levelno', severityOfPython],
  ['level_number', severityOfPython],
  ['severity', severityNumber],
  ['loglevel', levelNumber],
  ['log_level', levelNumber],
  ['lvl', levelNumber],
  ['log.level', levelNumber],
];

/** The severity of a word or a number, as loggers write it under `level`. */
export function severityOfValue(value: string | number): Severity | undefined {
  return word(value) ?? (NUMBER.test(String(value)) ? levelNumber(Number(value), {}) : undefined);
}

/** The level in a record's fields; undefined where they have none that is known. */
export function readLevel(fields: Fields): ReadLevel | undefined {
  for (const [key, read] of LEVEL_KEYS) {
    const value = fields[key];
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    const severity = read(value);
    if (severity) return { key, severity };
  }
  for (const [key, read] of NUMBER_KEYS) {
    const value = fields[key];
    const isNumber = typeof value === 'number' || (typeof value === 'string' && NUMBER.test(value));
    const severity = isNumber ? read(Number(value), fields) : undefined;
    if (severity) return { key, severity };
  }
  return undefined;
}
