import { type SettingsOf, text } from '../../setting-types.ts';

export const FLEET_SETTINGS = { TEMPLATES_DIR: text.optional(), FLUENT_BIT: text.optional() };

export type FleetSettings = SettingsOf<typeof FLEET_SETTINGS>;
