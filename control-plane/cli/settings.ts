import { type Config, readConfig } from '../config.ts';
import { readEnvFile } from '../process/env-file.ts';

/** The settings of a server that would be started here. @throws ConfigError */
export function readSettings(): Config {
  return readConfig({ ...readEnvFile(), ...process.env });
}
