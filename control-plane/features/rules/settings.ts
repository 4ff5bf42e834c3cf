import { type SettingsOf, text } from '../../setting-types.ts';

export const RULE_SETTINGS = { RULES_FILE: text.optional() };

export type RuleSettings = SettingsOf<typeof RULE_SETTINGS>;
