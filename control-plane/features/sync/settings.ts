import { z } from 'zod';
import { type SettingsOf, text, whole } from '../../setting-types.ts';
import { HOST_NAME, USER_NAME } from '../../ssh/ssh-login.ts';

export const SYNC_SETTINGS = {
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
};

export type SyncSettings = SettingsOf<typeof SYNC_SETTINGS>;
