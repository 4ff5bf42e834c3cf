import { hostname } from 'node:os';
import { z } from 'zod';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

const text = z.string().min(1);
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

function whole(minimum: number, maximum = Number.MAX_SAFE_INTEGER) {
  const error =
    maximum === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${minimum}`
      : `a whole number from ${minimum} to ${maximum}`;
  return z.coerce.number(error).int(error).min(minimum, error).max(maximum, error);
}

function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Every setting of the server; `README.md` has the same table and a test holds the two together. */
export const SETTINGS = z.object({
  HOST: text.default('127.0.0.1'),
  PORT: whole(0, 65_535).default(8004),
  DATA_DIR: text.default('./data'),
  LOG_LEVEL: z
    .string()
    .toLowerCase()
    .pipe(z.enum(LEVELS, `one of ${LEVELS.join(', ')}`))
    .default('info'),
  ADMIN_TOKEN: text.optional(),
  INGEST_TOKEN: text.optional(),
  READ_TOKEN: text.optional(),
  CORS_ORIGIN: list.default([]),
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/, error: 'an http or https URL' }).optional(),
  CLICKHOUSE_USER: text.default('default'),
  CLICKHOUSE_PASSWORD: z.string().default(''),
  CLICKHOUSE_DATABASE: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and underscores')
    .default('logplane'),
  CATEGORIES_FILE: text.optional(),
  RETENTION_DAYS: whole(1).default(30),
  ERROR_RETENTION_DAYS: whole(1).default(90),
  INGEST_MAX_BYTES: whole(1024).default(64 * 1024 * 1024),
  MAX_STREAMS_PER_CLIENT: whole(1).default(1000),
  LOG_PATHS: list.default([]),
  DEFAULT_TIMEZONE: z.string().refine(isTimezone, 'a time zone such as UTC or Europe/Berlin').default('UTC'),
  MACHINE_ID: text.default(hostname()),
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
