import { rename } from 'node:fs/promises';
import { loadState, saveState } from '../../../runtime/state-file.ts';
import type { FilePosition } from './file-position.ts';

/** The positions of all files, in one JSON file. */
export class OffsetStore {
  private readonly stateFile: string;
  private saved = '';

  constructor(stateFile: string) {
    this.stateFile = stateFile;
  }

  /** Loads the positions; none where the file does not exist. @throws Error where the file cannot be read; it is set aside then */
  async load(): Promise<FilePosition[]> {
    try {
      return JSON.parse((await loadState(this.stateFile)) ?? '[]');
    } catch (error) {
      const kept = `${this.stateFile}.damaged`;
      await rename(this.stateFile, kept);
      throw new Error(`${this.stateFile}: ${(error as Error).message}; kept as ${kept}`);
    }
  }

  /** Durable when it resolves; a crash leaves either the old or the new positions. */
  async save(positions: readonly FilePosition[]): Promise<void> {
    const text = JSON.stringify(positions);
    if (text === this.saved) return;
    await saveState(this.stateFile, text);
    this.saved = text;
  }
}
