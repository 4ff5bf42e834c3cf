import { realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { badRequest } from '../../../pipeline/runtime/errors.ts';

/**
 * Rejects a folder for a backup that is within a folder of the server itself, by its name or through links: it would be lost together
 * with what it is the backup of, the next backup would contain it, or the server would take it for its own files.
 * @param own folders by the names of their settings
 * @throws LogplaneError `bad_request`
 */
export async function refuseOwnFolder(folder: string, own: Readonly<Record<string, string>>): Promise<void> {
  const real = await realPath(folder);
  for (const [setting, path] of Object.entries(own)) {
    const way = relative(await realPath(path), real);
    if (way === '..' || way.startsWith(`..${sep}`)) continue;
    throw badRequest(
      `dir: expected a folder outside of ${setting} (${resolve(path)}), got "${folder}"; a backup belongs on another disk`,
    );
  }
}

/** Where a path leads, also one whose end does not exist yet. */
async function realPath(path: string): Promise<string> {
  const whole = resolve(path);
  try {
    return await realpath(whole);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(whole) === whole) throw error;
    return join(await realPath(dirname(whole)), relative(dirname(whole), whole));
  }
}
