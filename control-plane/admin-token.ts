import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../pipeline/replace-file.ts';

/** `ADMIN_TOKEN`, or the one made at the first start: kept in `DATA_DIR`, readable by its owner alone. */
export async function adminToken(
  { ADMIN_TOKEN, DATA_DIR }: { readonly ADMIN_TOKEN?: string | undefined; readonly DATA_DIR: string },
  log: (message: string) => void,
): Promise<string> {
  if (ADMIN_TOKEN !== undefined) return ADMIN_TOKEN;
  const path = join(DATA_DIR, 'admin-token');
  try {
    const kept = (await readFile(path, 'utf8')).trim();
    // A full disk may have left it empty.
    if (kept !== '') return kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const token = randomBytes(24).toString('base64url');
  await replaceFile(path, `${token}\n`, 0o600);
  log(`admin token, shown once and kept in ${path}: ${token}`);
  return token;
}
