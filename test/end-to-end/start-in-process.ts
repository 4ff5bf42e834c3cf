import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../control-plane/config.ts';
import { BUILT_IN_RULES } from '../../control-plane/features/alerts/rules/built-in-rules.ts';
import { type RunningServer, startServer } from '../../control-plane/server/server.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const silent = () => {};

/** A server in this process that says nothing but errors, on any free port. */
export function startInProcess(settings: Record<string, string>): Promise<RunningServer> {
  const log = { debug: silent, info: silent, warn: silent, error: console.error };
  return startServer(
    readConfig({ PORT: '0', GRPC_PORT: '0', LOG_API_CALLS: 'false', ...withoutBuiltInRules(), ...settings }),
    log,
  );
}

let rulesFile: string | undefined;

/** Settings of a server whose built-in alert rules do not run: they read the store as they start, for half a second of CPU. */
export function withoutBuiltInRules(): Record<string, string> {
  if (rulesFile === undefined) {
    rulesFile = join(temporaryFolder(), 'rules.yaml');
    writeFileSync(rulesFile, JSON.stringify({ disable: BUILT_IN_RULES.map(({ name }) => name) }));
  }
  return { ALERT_RULES_FILE: rulesFile };
}
