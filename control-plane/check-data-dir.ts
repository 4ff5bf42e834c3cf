import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from './config.ts';

/** @throws ConfigError where `DATA_DIR` is no folder that can be written to; nothing in it is changed */
export async function checkDataDir(folder: string): Promise<void> {
  if (/[{}*]/.test(folder)) {
    throw new ConfigError(
      `DATA_DIR: expected a path without { } and *, which the engine reads as patterns, got "${folder}"`,
    );
  }
  const probe = join(folder, `.probe-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    // A full disk may be made free by what the server removes.
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
    throw new ConfigError(
      `DATA_DIR: expected a folder that can be written to, got "${folder}" (${(error as Error).message})`,
    );
  }
}
