import { type SettingsOf, whole } from '../../setting-types.ts';

export const RETENTION_SETTINGS = {
  RETENTION_DAYS: whole(1).default(30),
  ERROR_RETENTION_DAYS: whole(1).default(90),
  MAX_DISK_BYTES: whole(100 * 1024 * 1024).optional(),
};

export type RetentionSettings = SettingsOf<typeof RETENTION_SETTINGS>;
