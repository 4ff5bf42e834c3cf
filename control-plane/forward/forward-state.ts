import { readFile } from 'node:fs/promises';
import { replaceFile } from '../../pipeline/replace-file.ts';

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

/** Durable when it resolves: a batch that is sent again after a power cut must be the same one. */
export async function saveForwardState(path: string, state: ForwardState): Promise<void> {
  await replaceFile(path, JSON.stringify(state));
}
