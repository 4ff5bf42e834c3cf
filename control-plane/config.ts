import { z } from 'zod';
import { ALERT_SETTINGS } from './features/alerts/settings.ts';
import { ARCHIVE_SETTINGS } from './features/archive/settings.ts';
import { FLEET_SETTINGS } from './features/fleet/settings.ts';
import { FORWARD_SETTINGS } from './features/forward/settings.ts';
import { INGEST_SETTINGS } from './features/ingest/settings.ts';
import { NODE_SETTINGS } from './features/nodes/settings.ts';
import { RETENTION_SETTINGS } from './features/retention/settings.ts';
import { RULE_SETTINGS } from './features/rules/settings.ts';
import { SYNC_SETTINGS } from './features/sync/settings.ts';
import { SERVER_SETTINGS } from './server-settings.ts';
import { ConfigError } from './setting-types.ts';

/** Every setting of the server; `docs/settings.md` has the same table and a test holds the two together. */
export const SETTINGS = z.object({
  ...SERVER_SETTINGS,
  ...INGEST_SETTINGS,
  ...RULE_SETTINGS,
  ...RETENTION_SETTINGS,
  ...ARCHIVE_SETTINGS,
  ...SYNC_SETTINGS,
  ...NODE_SETTINGS,
  ...FLEET_SETTINGS,
  ...ALERT_SETTINGS,
  ...FORWARD_SETTINGS,
});

export type Config = z.infer<typeof SETTINGS>;

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
