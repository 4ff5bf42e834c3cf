import { list, type SettingsOf, text } from '../../setting-types.ts';
import { ALLOW_FORM, isAllowEntry } from './notify/webhook-address.ts';

export const ALERT_SETTINGS = {
  ALERT_RULES_FILE: text.optional(),
  ALERT_WEBHOOK_ALLOW: list.refine((entries) => entries.every(isAllowEntry), ALLOW_FORM).default([]),
  ALERT_WEBHOOK_SECRET: text.optional(),
};

export type AlertSettings = SettingsOf<typeof ALERT_SETTINGS>;
