import { join } from 'node:path';
import type { ConsoleLog } from '../http/console-log.ts';
import { keptSecret } from '../http/kept-secret.ts';

/** `ADMIN_TOKEN`, or the token generated at the first start and stored in `DATA_DIR`. */
export async function adminToken(
  { ADMIN_TOKEN, DATA_DIR }: { readonly ADMIN_TOKEN?: string | undefined; readonly DATA_DIR: string },
  log: Pick<ConsoleLog, 'info' | 'warn'>,
): Promise<string> {
  if (ADMIN_TOKEN !== undefined) return ADMIN_TOKEN;
  const path = join(DATA_DIR, 'admin-token');
  const { secret, made, problem } = await keptSecret(path);
  if (problem !== undefined)
    log.warn(
      `admin token, shown once and valid until the server stops, because ${path} cannot be written (${problem}): ${secret}`,
    );
  else if (made) log.info(`admin token, shown once and stored in ${path}: ${secret}`);
  return secret;
}
