import { hostname } from 'node:os';
import { z } from 'zod';
import { endpoint, list, networks, origins, type SettingsOf, text, whole, yesOrNo } from './setting-types.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const origin = endpoint.refine(
  (url) => /^\w+:\/\/[^/?#@]+\/?$/.test(url),
  'an address such as https://logs.example.com, without a path',
);

/** Settings of the server itself: its addresses, its store, its tokens and its own log. */
export const SERVER_SETTINGS = {
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
  BASE_PATH: z
    .string()
    .regex(/^(?:\/[\w~-][\w.~-]*)*$/, 'a path without a slash at its end, such as /logs')
    .default(''),
  FRAME_ANCESTORS: origins.default([]),
  TRUST_PROXY: networks.default([]),
  CLICKHOUSE_URL: endpoint.optional(),
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
  LOG_API_CALLS: yesOrNo.default(true),
  LOG_DIR: text.default('./logs'),
  LOG_MAX_BYTES: whole(1024).default(10 * 1024 * 1024),
  LOG_BACKUP_COUNT: whole(0).default(5),
  SELF_INGEST: yesOrNo.default(false),
  FSYNC: yesOrNo.default(true),
  STREAM_MAX_MINUTES: whole(1, 30_000).optional(),
  MEMORY_LIMIT_BYTES: whole(0).optional(),
  MAX_STREAMS_PER_CLIENT: whole(1).default(1000),
  MACHINE_ID: text.default(hostname()),
};

export type ServerSettings = SettingsOf<typeof SERVER_SETTINGS>;
