import { z } from 'zod';
import { isTimezone } from '../../../pipeline/record/timezone.ts';
import { list, type SettingsOf, text, whole } from '../../setting-types.ts';

export const INGEST_SETTINGS = {
  CATEGORIES_FILE: text.optional(),
  INGEST_MAX_BYTES: whole(1024, 128 * 1024 * 1024).default(64 * 1024 * 1024),
  LOG_PATHS: list.default([]),
  DEFAULT_TIMEZONE: z.string().refine(isTimezone, 'a time zone such as UTC or Europe/Berlin').default('UTC'),
};

export type IngestSettings = SettingsOf<typeof INGEST_SETTINGS>;
