import { loadState, saveState } from '../../../pipeline/runtime/state-file.ts';

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
    const text = await loadState(path);
    return text === undefined ? undefined : (JSON.parse(text) as ForwardState);
  } catch (error) {
    throw new Error(
      `${path} cannot be read (${(error as Error).message}); move it away to begin with the records that arrive from then on`,
    );
  }
}

/** Durable when it resolves: a batch that is sent again after a power cut must be the same one. */
export async function saveForwardState(path: string, state: ForwardState): Promise<void> {
  await saveState(path, JSON.stringify(state));
}
