import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { replaceFile } from '../../pipeline/runtime/replace-file.ts';

export interface KeptSecret {
  readonly secret: string;
  readonly made: boolean;
  /** Why a new secret could not be stored: the next start generates another one. */
  readonly problem?: string;
}

/** A secret that is generated at the first start and stored in a file that only its owner can read. */
export async function keptSecret(path: string): Promise<KeptSecret> {
  try {
    const secret = (await readFile(path, 'utf8')).trim();
    // Earlier releases could leave it empty after a power cut or on a full disk.
    if (secret !== '') return { secret, made: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secret = randomBytes(24).toString('base64url');
  try {
    await replaceFile(path, `${secret}\n`, 0o600);
    return { secret, made: true };
  } catch (error) {
    return { secret, made: true, problem: (error as Error).message };
  }
}
