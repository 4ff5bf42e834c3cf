import { hostname } from 'node:os';
import { z } from 'zod';
import { ALLOW_FORM, isAllowEntry } from './alerts/webhook-address.ts';
import { HOST_NAME, USER_NAME } from './files/sync-source.ts';
import { PROTOCOLS } from './forward/destination.ts';
import { parseQuery } from './query/parser.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

const text = z.string().min(1);
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

const yesOrNo = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['true', 'false'], 'true or false'))
  .transform((value) => value === 'true');

function whole(minimum: number, maximum = Number.MAX_SAFE_INTEGER) {
  const error =
    maximum === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${minimum}`
      : `a whole number from ${minimum} to ${maximum}`;
  return z.coerce.number(error).int(error).min(minimum, error).max(maximum, error);
}

function isQuery(given: string): boolean {
  try {
    parseQuery(given);
    return true;
  } catch {
    return false;
  }
}

function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const endpoint = z.url({ protocol: /^https?$/, error: 'an http or https URL' });
const origin = endpoint.refine(
  (url) => /^\w+:\/\/[^/?#@]+\/?$/.test(url),
  'an address such as https://logs.example.com, without a path',
);
const protocol = z.enum(PROTOCOLS, `one of ${PROTOCOLS.join(', ')}`);
const query = text.refine(isQuery, 'a query such as level:error service:vllm');
const DESTINATIONS_FORM = 'a JSON list of {"name", "endpoint", "protocol"?, "headers"?, "query"?}';
const furtherDestination = z.strictObject(
  {
    name: z.string().regex(/^[a-z0-9-]+$/, DESTINATIONS_FORM),
    endpoint,
    protocol: protocol.default('http/protobuf'),
    headers: z.record(z.string(), z.string()).default({}),
    query: query.optional(),
  },
  DESTINATIONS_FORM,
);

/** `name=value,name=value`, percent-encoded, as the OpenTelemetry specification has it. */
function readHeaders(value: string, context: z.RefinementCtx): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const part of value.split(',').filter((item) => item.trim() !== '')) {
    const [name = '', ...rest] = part.split('=');
    if (name.trim() === '' || rest.length === 0) {
      context.addIssue('name=value, with commas between several');
      return z.NEVER;
    }
    try {
      headers[decodeURIComponent(name.trim())] = decodeURIComponent(rest.join('=').trim());
    } catch {
      context.addIssue('name=value, percent-encoded (% is %25)');
      return z.NEVER;
    }
  }
  return headers;
}

const COMMAND_FORM = 'a JSON list of arguments such as ["sky","launch","-y","-c","{name}"]';

function readCommand(value: string, context: z.RefinementCtx): readonly string[] {
  try {
    return z.array(text).min(1).parse(JSON.parse(value));
  } catch {
    context.addIssue(COMMAND_FORM);
    return z.NEVER;
  }
}

function readJson(value: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(value);
  } catch {
    context.addIssue(DESTINATIONS_FORM);
    return z.NEVER;
  }
}

/** Every setting of the server; `README.md` has the same table and a test holds the two together. */
export const SETTINGS = z.object({
  HOST: text.default('127.0.0.1'),
  PORT: whole(0, 65_535).default(8004),
  GRPC_PORT: whole(0, 65_535).default(4317),
  TLS_CERT: text.optional(),
  TLS_KEY: text.optional(),
  DATA_DIR: text.default('./data'),
  LOG_LEVEL: z
    .string()
    .toLowerCase()
    .pipe(z.enum(LEVELS, `one of ${LEVELS.join(', ')}`))
    .default('info'),
  DEBUG: yesOrNo.default(false),
  ADMIN_TOKEN: text.optional(),
  INGEST_TOKEN: text.optional(),
  READ_TOKEN: text.optional(),
  CORS_ORIGIN: list.default([]),
  PUBLIC_URL: origin.optional(),
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/, error: 'an http or https URL' }).optional(),
  CLICKHOUSE_USER: text.default('default'),
  CLICKHOUSE_PASSWORD: z.string().default(''),
  CLICKHOUSE_DATABASE: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and underscores')
    .default('logplane'),
  CLICKHOUSE_CLUSTER: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, 'a name of letters, digits, - and _')
    .optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'a redis or rediss URL' }).optional(),
  CATEGORIES_FILE: text.optional(),
  RULES_FILE: text.optional(),
  LOG_API_CALLS: yesOrNo.default(true),
  LOG_DIR: text.default('./logs'),
  LOG_MAX_BYTES: whole(1024).default(10 * 1024 * 1024),
  LOG_BACKUP_COUNT: whole(0).default(5),
  SELF_INGEST: yesOrNo.default(false),
  SYNC_INTERVAL: whole(0, 604_800).default(60),
  SYNC_TIMEOUT: whole(1, 604_800).default(3600),
  REMOTE_BASE_PATH: z
    .string()
    .regex(/^(?!~[^/])[^\0]+$/, 'a folder: absolute, relative or below ~/')
    .default('~/ai-factory-benchmarks'),
  SSH_HOST: z.string().regex(HOST_NAME, 'a host name or address').optional(),
  SSH_USER: z.string().regex(USER_NAME, 'a user name').optional(),
  SSH_PORT: whole(1, 65_535).optional(),
  SSH_KEY: text.optional(),
  SSH_KNOWN_HOSTS: text.optional(),
  SYNC_SOURCES: text.optional(),
  FSYNC: yesOrNo.default(true),
  RETENTION_DAYS: whole(1).default(30),
  ERROR_RETENTION_DAYS: whole(1).default(90),
  NODE_LOG_TTL_HOURS: whole(1, 100_000).default(24),
  LAUNCH_COMMAND: z.string().transform(readCommand).optional(),
  LAUNCH_RULES_FILE: text.optional(),
  STREAM_MAX_MINUTES: whole(1, 30_000).optional(),
  MAX_DISK_BYTES: whole(100 * 1024 * 1024).optional(),
  ARCHIVE_DIR: text.optional(),
  MEMORY_LIMIT_BYTES: whole(0).optional(),
  INGEST_MAX_BYTES: whole(1024, 128 * 1024 * 1024).default(64 * 1024 * 1024),
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: endpoint.optional(),
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: protocol.default('http/protobuf'),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().transform(readHeaders).optional(),
  DASH0_API_KEY: text.optional(),
  FORWARD_QUERY: query.optional(),
  FORWARD_DESTINATIONS: z
    .string()
    .transform(readJson)
    .pipe(z.array(furtherDestination, DESTINATIONS_FORM))
    .default([]),
  MAX_STREAMS_PER_CLIENT: whole(1).default(1000),
  ALERT_RULES_FILE: text.optional(),
  ALERT_WEBHOOK_ALLOW: list.refine((entries) => entries.every(isAllowEntry), ALLOW_FORM).default([]),
  ALERT_WEBHOOK_SECRET: text.optional(),
  LOG_PATHS: list.default([]),
  DEFAULT_TIMEZONE: z.string().refine(isTimezone, 'a time zone such as UTC or Europe/Berlin').default('UTC'),
  MACHINE_ID: text.default(hostname()),
  TEMPLATES_DIR: text.optional(),
  FLUENT_BIT: text.optional(),
});

export type Config = z.infer<typeof SETTINGS>;

/** Thrown where settings do not parse; one line for each of them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the settings; an empty variable counts as unset.
 * @throws ConfigError
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = SETTINGS.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return `${name}: expected ${issue.message}, got "${given[name]}"`;
  });
  throw new ConfigError(problems.join('\n'));
}
