import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders)
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

/**
 * A folder for an engine's files, removed when the process ends. (tap's `testdir` is removed before that, and
 * fails where the engine's background threads still tidy up their parts.)
 */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'logplane-test-'));
  folders.push(folder);
  return folder;
}
