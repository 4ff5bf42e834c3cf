import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** The settings of the working folder's `.env`, as they stand there. */
export function readEnvFile(): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync('.env', 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
