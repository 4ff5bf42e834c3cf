import type { KnownParsers } from './check-parsers.ts';
import { regexProblem } from './check-regex.ts';
import { propertyOf, type Section } from './section.ts';

/** The things that a value may refer to. */
export interface Scope {
  readonly file: string;
  readonly parsers: KnownParsers;
  readonly environment: ReadonlySet<string>;
  /** Names of the files beside the main one. */
  readonly files: ReadonlySet<string>;
}

type Check = (value: string, scope: Scope, section: Section) => string | undefined;

const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value.toLowerCase()) ? undefined : `expected one of ${values.join(', ')}, got "${value}"`;
const matching =
  (pattern: RegExp, expected: string): Check =>
  (value) =>
    pattern.test(value) ? undefined : `expected ${expected}, got "${value}"`;

const port: Check = (value) =>
  /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535
    ? undefined
    : `expected a port from 1 to 65535, got "${value}"`;
const flag = oneOf('on', 'off', 'true', 'false', 'yes', 'no');
const size = matching(/^\d+(\.\d+)?[kmg]?b?$/i, 'a size such as 64k');
const seconds = matching(/^\d+(\.\d+)?[smhd]?$/i, 'a time such as 1 or 0.25s');
const whole = matching(/^\d+$/, 'a whole number');
const absolute: Check = (value) =>
  value.split(',').every((path) => path.trim().startsWith('/'))
    ? undefined
    : `expected an absolute path, got "${value}"`;
const regex: Check = (value) => regexProblem(value);

const parser: Check = (value, { parsers }) =>
  parsers.plain.has(value) ? undefined : `no parser has the name "${value}"`;
const multilineParser: Check = (value, { parsers }) => {
  const missing = value.split(',').find((name) => !parsers.multiline.has(name.trim()));
  return missing === undefined ? undefined : `no multi-line parser has the name "${missing.trim()}"`;
};
const file: Check = (value, { files }) =>
  files.has(value) ? undefined : `the configuration has no file "${value}"`;

/** `key value`; Fluent Bit exits on a single word, and on more than two words without quotes. */
const pair: Check = (value) => {
  const count = splitWords(value).length;
  return count === 2
    ? undefined
    : `expected a key and a value (in quotes where it has spaces), got "${value}"`;
};

/** The first word names a field, the rest of the line is a regular expression. */
const fieldRegex: Check = (value) => {
  const [, rest] = /^\S+\s+(.+)$/.exec(value) ?? [];
  return rest === undefined
    ? `expected a field and a regular expression, got "${value}"`
    : regexProblem(rest);
};

const BY_KEY: Readonly<Record<string, Check>> = {
  port,
  http_port: port,
  path: absolute,
  exclude_path: absolute,
  db: absolute,
  'storage.path': absolute,
  parser,
  'multiline.parser': multilineParser,
  parsers_file: file,
  script: file,
  match_regex: regex,
  tag_regex: regex,
  set: pair,
  add: pair,
  rename: pair,
  copy: pair,
  // Everything behind the name is the value, quotes included.
  header: matching(/^[A-Za-z0-9-]+\s+[^"\s].*$/, 'a name and a value without quotes'),
  record: pair,
  regex: fieldRegex,
  exclude: fieldRegex,
  'storage.type': oneOf('filesystem', 'memory', 'memrb'),
  'storage.sync': oneOf('normal', 'full'),
  'storage.checksum': (value) =>
    /^(off|false|no)$/i.test(value)
      ? undefined
      : `expected off, got "${value}": a kill makes the open chunk unreadable with it`,
  'emitter_storage.type': oneOf('filesystem', 'memory'),
  'storage.total_limit_size': size,
  'storage.backlog.mem_limit': size,
  'storage.max_chunks_up': whole,
  emitter_mem_buf_limit: size,
  mem_buf_limit: size,
  buffer_chunk_size: size,
  buffer_max_size: size,
  refresh_interval: seconds,
  watcher_interval: seconds,
  rotate_wait: whole,
  flush: seconds,
  grace: whole,
  'scheduler.base': whole,
  'scheduler.cap': whole,
  flush_ms: whole,
  compress: oneOf('gzip', 'zstd', 'snappy'),
  json_date_format: oneOf(
    'iso8601',
    'double',
    'epoch',
    'epoch_ms',
    'epoch_millis',
    'epoch_milliseconds',
    'java_sql_timestamp',
  ),
  log_level: oneOf('off', 'error', 'warn', 'info', 'debug', 'trace'),
  retry_limit: matching(/^(\d+|no_limits|no_retries|false|off)$/i, 'a number, no_limits or no_retries'),
  http_server: flag,
  hot_reload: flag,
  health_check: flag,
  daemon: oneOf('off', 'false', 'no'),
  read_from_head: flag,
  skip_long_lines: flag,
  truncate_long_lines: flag,
  inotify_watcher: flag,
  tls: flag,
  'tls.verify': flag,
};

const FORMATS: Readonly<Record<string, Check>> = {
  http: oneOf('json_lines', 'json', 'json_stream', 'msgpack'),
  stdout: oneOf('json_lines', 'json', 'json_stream', 'msgpack'),
};

/** The problems of a property's value, one sentence each. */
export function checkValue(section: Section, key: string, value: string, scope: Scope): string[] {
  const problems: string[] = [];
  for (const [, expression = ''] of value.matchAll(/\$\{([^}]*)\}/g)) {
    const [name = '', fallback] = expression.split(':-');
    if (!scope.environment.has(name) && fallback === undefined) {
      problems.push(`the environment variable ${name} is not set`);
    }
  }
  const check = key === 'format' ? FORMATS[propertyOf(section, 'name')?.toLowerCase() ?? ''] : BY_KEY[key];
  // A value from the environment is not known here.
  const problem = value.includes('${') && check !== pair ? undefined : check?.(value, scope, section);
  if (problem !== undefined) problems.push(`${key}: ${problem}`);
  return problems;
}

/** Words as Fluent Bit splits them: quotes hold one together, a backslash keeps what follows it. */
function splitWords(value: string): string[] {
  return value.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? [];
}
