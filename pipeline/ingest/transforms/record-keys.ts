import { INDEXED_FIELDS, type IndexedField } from '../../record/log-record.ts';
import { parseEpoch, parseTimestamp } from '../../record/parse-timestamp.ts';
import { SAMPLE_RATE } from '../../record/sample-rate.ts';
import {
  type Severity,
  severityOfOtlp,
  severityOfPino,
  severityOfSyslog,
  severityOfWord,
} from '../../record/severity.ts';
import type { Timestamp } from '../../record/timestamp.ts';
import { createZone } from '../../record/timezone.ts';
import type { SourceEntry } from '../sources/source-entry.ts';
import { LEVEL_KEYS, NUMBER_KEYS } from './read-level.ts';
import { TIME_KEYS } from './read-time.ts';

type Fields = SourceEntry['fields'];

const UTC = createZone('UTC');

/** Fields that may hold the text, the best first: the plain ones, then those of loggers with names of their own. */
export const TEXT_KEYS = [
  ...['message', 'log', 'msg', 'body'],
  ...['MESSAGE', 'Message', '@message', 'short_message', 'full_message', 'textPayload', 'Body'],
  ...['@m', 'RenderedMessage', '@mt', 'MessageTemplate', '@x'],
] as const;

export const INDEXED: ReadonlySet<string> = new Set(INDEXED_FIELDS);
/** Names of the product's own fields; a sender's field of such a name gets an underscore behind it. */
export const RESERVED: ReadonlySet<string> = new Set([
  'id',
  'timestamp',
  'observed_timestamp',
  'level',
  'severity_text',
  'message',
  SAMPLE_RATE,
]);

/**
 * Other names of indexed fields, where no other meaning is possible. They fill a column that the sender left empty, and stay as
 * attributes too. A name with dots may be a path of objects as well: `{"service":{"name":"pay"}}`.
 */
const ALIASES = mapOf({
  // OpenTelemetry's conventions, which those of Elastic (ECS) mostly share.
  'service.name': 'service',
  'service.environment': 'deployment_env',
  'deployment.environment.name': 'deployment_env',
  'deployment.environment': 'deployment_env',
  'cloud.region': 'region',
  'host.name': 'machine_id',
  'host.hostname': 'machine_id',
  'k8s.node.name': 'machine_id',
  'k8s.container.name': 'container_name',
  'container.name': 'container_name',
  'log.file.path': 'file_path',
  'trace.id': 'trace_id',
  'span.id': 'span_id',
  'http.request.id': 'request_id',
  // Fluent Bit's filter `kubernetes`, Filebeat.
  'kubernetes.container_name': 'container_name',
  'kubernetes.container.name': 'container_name',
  'kubernetes.host': 'machine_id',
  'kubernetes.node.name': 'machine_id',
  'dd.service': 'service',
  'dd.env': 'deployment_env',
  'dd.trace_id': 'trace_id',
  'dd.span_id': 'span_id',
  traceId: 'trace_id',
  spanId: 'span_id',
  requestId: 'request_id',
  TraceId: 'trace_id',
  SpanId: 'span_id',
  ServiceName: 'service',
  '@tr': 'trace_id',
  '@sp': 'span_id',
  // journald, as its own programs write it, and with Fluent Bit's `strip_underscores` and `lowercase`.
  _HOSTNAME: 'machine_id',
  CONTAINER_NAME: 'container_name',
});

/** Aliases that count only where no other one fills the column. */
const WEAK_ALIASES = mapOf({
  'log.file.name': 'file_path',
  SYSLOG_IDENTIFIER: 'service',
  syslog_identifier: 'service',
});

function mapOf(aliases: Readonly<Record<string, IndexedField>>): ReadonlyMap<string, IndexedField> {
  return new Map(Object.entries(aliases));
}

/** Paths of levels in objects; as flat names they stand in `LEVEL_KEYS`. */
const LEVEL_PATHS = ['log.level', 'record.level.name'];

/** What the keys of a record show beside the plain ones. */
export interface FoundKeys {
  textKey: string | undefined;
  /** The text, where the field's value is another form of it. */
  text: string | undefined;
  level: Severity | undefined;
  /** True where the level was read of a number in the field `level`, which is not kept then. */
  usesLevel: boolean;
  time: Timestamp | undefined;
  readonly columns: [field: IndexedField, value: string][];
  /** Columns that only what nothing else names fills: a program's own idea of its machine. */
  readonly weak: [field: IndexedField, value: string][];
}

/** Reads a record in which the key of that name shows one kind of logger; ordinary words have the logger's meaning only there. */
type ReadLogger = (fields: Fields, found: FoundKeys, key: string) => void;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function fill(found: FoundKeys, field: IndexedField, value: unknown): void {
  if (isText(value)) found.columns.push([field, value]);
}

/** Syslog's number, or its word. */
function syslogLevel(value: unknown): Severity | undefined {
  if (typeof value === 'string' && !/^\d$/.test(value)) return severityOfWord(value);
  return isText(value) || typeof value === 'number' ? severityOfSyslog(Number(value)) : undefined;
}

/** GELF: its `level` is syslog's number, and a name with an underscore before it is the sender's own. */
const readGelf: ReadLogger = (fields, found) => {
  found.level ??= syslogLevel(fields.level);
  found.usesLevel = found.level !== undefined;
  fill(found, 'machine_id', fields.host);
  for (const field of INDEXED_FIELDS) fill(found, field, fields[`_${field}`]);
};

/** journald and syslog-ng. A text that is no UTF-8, or has colours, is a list of bytes in journald's JSON. */
const readJournal: ReadLogger = (fields, found) => {
  const { MESSAGE: message } = fields;
  if (Array.isArray(message) && message.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)) {
    found.textKey = 'MESSAGE';
    found.text = Buffer.from(message as number[]).toString();
  }
  found.level ??= syslogLevel(fields.PRIORITY);
  fill(found, 'machine_id', fields.HOST);
  fill(found, 'service', fields.PROGRAM);
};

/** `docker.service` is the service `docker`, and so is `docker@2.service`; a scope or a session is none. */
const readUnit: ReadLogger = (fields, found, key) => {
  const unit = fields[key];
  const name = typeof unit === 'string' ? /^([^@]+)(?:@.*)?\.service$/.exec(unit)?.[1] : undefined;
  fill(found, 'service', name);
  fill(found, 'machine_id', fields.hostname);
};

/** Lines of syslog that a parser has cut: Fluent Bit's (`ident`, `pri`), rsyslog's (`programname`). */
const readSyslog: ReadLogger = (fields, found, key) => {
  const { pri, host, hostname, pid, procid } = fields;
  if (pri === undefined && pid === undefined && procid === undefined && !isText(host ?? hostname)) return;
  const number = isText(pri) || typeof pri === 'number' ? Number(pri) : Number.NaN;
  if (number >= 0 && number < 192) found.level ??= severityOfSyslog(number % 8);
  fill(found, 'machine_id', host ?? hostname);
  fill(found, 'service', fields[key]);
};

/** pino and bunyan: `pid`, `hostname` and a number as level, or their version `v`. A container's `hostname` is often a random one. */
const readPino: ReadLogger = (fields, found) => {
  const { pid, hostname, level, v, name } = fields;
  if (typeof pid !== 'number' || !isText(hostname)) return;
  if (typeof v !== 'number' && (typeof level !== 'number' || !severityOfPino(level))) return;
  found.weak.push(['machine_id', hostname]);
  fill(found, 'service', name);
};

const readDatadog: ReadLogger = (fields, found) => {
  if (typeof fields.status === 'string') found.level ??= severityOfWord(fields.status);
  fill(found, 'machine_id', fields.hostname);
};

/** structlog: `event` is the text of a record with a level or with a logger's name. */
const readStructlog: ReadLogger = (fields, found) => {
  const { event, level, log_level, logger, timestamp } = fields;
  if (!isText(event)) return;
  const word = level ?? log_level;
  const hasLevel = typeof word === 'string' && severityOfWord(word) !== undefined;
  if (hasLevel || (isText(logger) && timestamp !== undefined)) found.textKey ??= 'event';
};

/** loguru with `serialize`: the formatted `text` beside the `record`. */
const readLoguru: ReadLogger = (fields, found) => {
  const level = memberAt(fields, ['record', 'level', 'name']);
  if (!isText(fields.text) || !isText(level)) return;
  found.textKey ??= 'text';
  const time = memberAt(fields, ['record', 'time', 'timestamp']);
  if (typeof time === 'number') found.time ??= parseEpoch(time.toFixed(6));
};

/** Serilog's compact form leaves the level out where it is `Information`. */
const readClef: ReadLogger = (fields, found) => {
  if (fields['@l'] === undefined && (fields['@mt'] ?? fields['@m']) !== undefined)
    found.level ??= { level: 'info', spelling: '' };
};

/** Python's record: `created` is its time. */
const readPython: ReadLogger = (fields, found) => {
  if (typeof fields.created === 'number') found.time ??= parseEpoch(String(fields.created));
};

/** MongoDB: `s` is the level, `t` the time. */
const readMongo: ReadLogger = (fields, found) => {
  const { s, c, msg } = fields;
  if (typeof s !== 'string' || !/^[FEWID]\d?$/.test(s) || !isText(c) || typeof msg !== 'string') return;
  found.level ??= severityOfWord(s.slice(0, 1));
  const time = memberAt(fields, ['t', '$date']);
  if (isText(time)) found.time ??= parseTimestamp(time, UTC);
};

/** Logstash and Vector, where `host` is a name. */
const readHost: ReadLogger = (fields, found) => {
  fill(found, 'machine_id', fields.host);
  fill(found, 'file_path', fields.file);
};

/** What Fluent Bit keeps of OTLP in the records of its other outputs. */
const readFluentBit: ReadLogger = (fields, found) => {
  const internal = ['__internal__'];
  const otlp = memberAt(fields, [...internal, 'log_metadata', 'otlp']);
  if (isObject(otlp)) {
    const { severity_number: number, severity_text: word } = otlp;
    const spelled = typeof word === 'string' ? severityOfWord(word) : undefined;
    found.level ??= (typeof number === 'number' ? severityOfOtlp(number) : undefined) ?? spelled;
    fillNamed(found, otlp.attributes);
  }
  fillNamed(found, memberAt(fields, [...internal, 'group_attributes', 'resource', 'attributes']));
};

function fillNamed(found: FoundKeys, attributes: unknown): void {
  if (!isObject(attributes)) return;
  for (const key in attributes) {
    const field = INDEXED.has(key) ? (key as IndexedField) : ALIASES.get(key);
    if (field !== undefined) fill(found, field, attributes[key]);
  }
}

/** A key that shows a logger. */
interface LoggerKey {
  readonly read: ReadLogger;
  /** Other keys without which nothing is found in a record of scalars whose level is no number. */
  readonly needs?: readonly string[];
  /** True where nothing is found in a record of scalars that has a text. */
  readonly isForText?: boolean;
}

/** `event`, `record`, `hostname` and the like are ordinary words, so their readers look at the other keys. */
const LOGGERS: ReadonlyMap<string, LoggerKey> = new Map<string, LoggerKey>([
  ['short_message', { read: readGelf }],
  ['full_message', { read: readGelf }],
  ['MESSAGE', { read: readJournal }],
  ['_SYSTEMD_UNIT', { read: readUnit }],
  ['systemd_unit', { read: readUnit }],
  ['ident', { read: readSyslog }],
  ['programname', { read: readSyslog }],
  ['hostname', { read: readPino, needs: ['pid', 'v'] }],
  ['ddsource', { read: readDatadog }],
  ['ddtags', { read: readDatadog }],
  ['dd.trace_id', { read: readDatadog }],
  ['dd.service', { read: readDatadog }],
  ['dd', { read: readDatadog }],
  ['event', { read: readStructlog, isForText: true }],
  ['record', { read: readLoguru, isForText: true }],
  ['@t', { read: readClef }],
  ['levelname', { read: readPython, needs: ['created'] }],
  ['ctx', { read: readMongo, needs: ['s', 'c'] }],
  ['@version', { read: readHost }],
  ['source_type', { read: readHost }],
  ['__internal__', { read: readFluentBit }],
]);

/** A path in an object that is a record's member. */
interface MemberPath {
  readonly path: readonly string[];
  readonly field: IndexedField | undefined;
  readonly isLevel: boolean;
}

/** The meanings of a name; a rank is a name's position in its list, `NONE` where it is not in it. */
export interface KeyRole {
  readonly text: number;
  readonly time: number;
  readonly level: number;
  readonly isIndexed: boolean;
  readonly isReserved: boolean;
  readonly alias: IndexedField | undefined;
  readonly weak: IndexedField | undefined;
  readonly paths: readonly MemberPath[];
  readonly logger: LoggerKey | undefined;
  /** The name alone may show something. */
  readonly isHint: boolean;
}

const NONE = 1_000;
const rankIn = (names: readonly string[], name: string) => {
  const at = names.indexOf(name);
  return at === -1 ? NONE : at;
};

const LEVEL_NAMES = [...LEVEL_KEYS, ...NUMBER_KEYS].map(([key]) => key);
const DOTTED: readonly (readonly [string, IndexedField | undefined])[] = [
  ...ALIASES,
  ...LEVEL_PATHS.map((path) => [path, undefined] as const),
];

function roleOf(name: string): KeyRole {
  const paths = DOTTED.filter(([dotted]) => dotted.startsWith(`${name}.`)).map(
    ([dotted, field]): MemberPath => ({
      path: dotted.slice(name.length + 1).split('.'),
      field,
      isLevel: field === undefined,
    }),
  );
  const alias = ALIASES.get(name);
  const weak = WEAK_ALIASES.get(name);
  const logger = LOGGERS.get(name);
  return {
    text: rankIn(TEXT_KEYS, name),
    time: rankIn(TIME_KEYS, name),
    level: rankIn(LEVEL_NAMES, name),
    isIndexed: INDEXED.has(name),
    isReserved: RESERVED.has(name),
    alias,
    weak,
    paths,
    logger,
    isHint: alias !== undefined || weak !== undefined || logger !== undefined,
  };
}

/** All names that have a meaning. */
export const KEY_ROLES: ReadonlyMap<string, KeyRole> = new Map(
  [
    ...TEXT_KEYS,
    ...TIME_KEYS,
    ...LEVEL_NAMES,
    ...INDEXED_FIELDS,
    ...RESERVED,
    ...WEAK_ALIASES.keys(),
    ...LOGGERS.keys(),
    ...DOTTED.flatMap(([dotted]) => [dotted, dotted.split('.')[0]!]),
  ].map((name) => [name, roleOf(name)] as const),
);

/** The best plain names in a record, and how many there are. */
export interface KeySurvey {
  readonly textKey: string | undefined;
  readonly timeKey: string | undefined;
  readonly levelKey: string | undefined;
  readonly times: number;
  readonly hints: readonly string[];
}

const NO_HINTS: readonly string[] = [];

/** Looks at the names of a record once. */
export function surveyKeys(fields: Fields): KeySurvey {
  let textKey: string | undefined;
  let timeKey: string | undefined;
  let levelKey: string | undefined;
  let text = NONE;
  let time = NONE;
  let level = NONE;
  let times = 0;
  let hints: string[] | undefined;
  for (const key in fields) {
    const role = KEY_ROLES.get(key);
    if (role === undefined) continue;
    const value = fields[key];
    if (value === undefined || value === null) continue;
    // An empty text gives way to any other one.
    const rank = value === '' ? role.text + TEXT_KEYS.length : role.text;
    if (role.text !== NONE && rank < text) {
      text = rank;
      textKey = key;
    }
    if (role.time !== NONE) {
      times++;
      if (role.time < time) {
        time = role.time;
        timeKey = key;
      }
    }
    if (role.level < level) {
      level = role.level;
      levelKey = key;
    }
    if (role.isHint || (typeof value === 'object' && role.paths.length > 0)) {
      hints ??= [];
      hints.push(key);
    }
  }
  return { textKey, timeKey, levelKey, times, hints: hints ?? NO_HINTS };
}

/** Reads what the hints of a survey show. */
export function readHints(fields: Fields, hints: readonly string[]): FoundKeys {
  const found: FoundKeys = {
    textKey: undefined,
    text: undefined,
    level: undefined,
    usesLevel: false,
    time: undefined,
    columns: [],
    weak: [],
  };
  for (const key of hints) {
    const role = KEY_ROLES.get(key)!;
    const value = fields[key];
    if (role.alias !== undefined) fill(found, role.alias, value);
    if (role.weak !== undefined && isText(value)) found.weak.push([role.weak, value]);
    if (role.paths.length > 0 && isObject(value)) readPaths(value, role.paths, found);
    role.logger?.read(fields, found, key);
  }
  return found;
}

function readPaths(value: Record<string, unknown>, paths: readonly MemberPath[], found: FoundKeys): void {
  for (const { path, field, isLevel } of paths) {
    const member = memberAt(value, path) ?? (path.length > 1 ? memberAt(value, [path.join('.')]) : undefined);
    if (field !== undefined) fill(found, field, member);
    else if (isLevel && typeof member === 'string') found.level ??= severityOfWord(member);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function memberAt(fields: Fields, path: readonly string[]): unknown {
  let value: unknown = fields;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** True where a name may give a record of scalars, which has a text, more than a field of that name. */
export function mayShowMore(name: string, names: Readonly<Record<string, unknown>>): boolean {
  const { isHint = false, alias, weak, logger } = KEY_ROLES.get(name) ?? {};
  if (!isHint || alias !== undefined || weak !== undefined || !logger) return isHint;
  return !logger.isForText && (logger.needs ?? []).every((needed) => Object.hasOwn(names, needed));
}

/** The field that holds the text of a record. */
export function textKeyOf(fields: Fields): string | undefined {
  return surveyKeys(fields).textKey;
}
