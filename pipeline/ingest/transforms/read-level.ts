import {
  type Severity,
  severityOfOtlp,
  severityOfPino,
  severityOfSyslog,
  severityOfWord,
} from '../../record/severity.ts';

type Read = (value: string | number) => Severity | undefined;

function word(value: string | number): Severity | undefined {
  if (typeof value === 'number') return severityOfPino(value);
  return severityOfWord(value) ?? (/^\d{1,2}$/.test(value) ? severityOfPino(Number(value)) : undefined);
}

const number = (read: (value: number) => Severity | undefined): Read => {
  return (value) => (value === '' ? undefined : read(Number(value)));
};

export interface ReadLevel {
  readonly key: string;
  readonly severity: Severity;
}

/** Names of fields with a level, the best first. */
export const LEVEL_KEYS: readonly (readonly [key: string, read: Read])[] = [
  ['level', word],
  ['severity', word],
  ['severity_text', word],
  ['loglevel', word],
  ['log_level', word],
  ['lvl', word],
  ['levelname', word],
  ['log.level', word],
  ['severity_number', number(severityOfOtlp)],
  ['severityNumber', number(severityOfOtlp)],
  ['priority', number(severityOfSyslog)],
  ['PRIORITY', number(severityOfSyslog)],
];

/** The level in a record's fields; undefined where they have none that is known. */
export function readLevel(fields: Readonly<Record<string, unknown>>): ReadLevel | undefined {
  for (const [key, read] of LEVEL_KEYS) {
    const value = fields[key];
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    const severity = read(value);
    if (severity) return { key, severity };
  }
  return undefined;
}
