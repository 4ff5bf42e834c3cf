import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder for an engine's files, removed when the process ends. (tap's `testdir` is removed before that, and
 * fails where the engine's background threads still tidy up their parts.)
 */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'logplane-test-'));
  process.once('exit', () =>
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  );
  return folder;
}
