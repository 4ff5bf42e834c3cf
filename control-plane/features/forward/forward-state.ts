import { loadState, saveState } from '../../../pipeline/runtime/state-file.ts';

/** The progress of a destination. */
export interface ForwardState {
  /** Every record up to this sequence number has been delivered or was not selected. */
  readonly cursor: number;
  /** End of the batch behind the cursor that was being sent; it is sent again with the same records. */
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

/** Saves the progress; durable when it resolves, because after a power cut the same batch has to be sent again. */
export async function saveForwardState(path: string, state: ForwardState): Promise<void> {
  await saveState(path, JSON.stringify(state));
}
