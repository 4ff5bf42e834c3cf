import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** How far a destination is. */
export interface ForwardState {
  /** Every record up to this place has been delivered or was not selected. */
  readonly cursor: number;
  /** The batch behind the cursor up to this place was being sent: it is sent again as it was. */
  readonly sending?: number;
}

/** Undefined where nothing has been forwarded yet. */
export async function loadForwardState(path: string): Promise<ForwardState | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ForwardState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(
      `${path} cannot be read (${(error as Error).message}); without it forwarding begins anew: move it away to start so`,
    );
  }
}

/** Whole or not at all. */
export async function saveForwardState(path: string, state: ForwardState): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(state));
  await rename(`${path}.new`, path);
}
