import { type SettingsOf, text } from '../../setting-types.ts';

export const ARCHIVE_SETTINGS = { ARCHIVE_DIR: text.optional() };

export type ArchiveSettings = SettingsOf<typeof ARCHIVE_SETTINGS>;
