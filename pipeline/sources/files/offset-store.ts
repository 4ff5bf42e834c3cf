import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FilePosition } from './file-position.ts';

/** Positions on disk, as one JSON file. */
export class OffsetStore {
  private readonly stateFile: string;
  private saved = '';

  constructor(stateFile: string) {
    this.stateFile = stateFile;
  }

  /** None where the file does not exist. Throws where it cannot be read or parsed, and sets it aside. */
  async load(): Promise<FilePosition[]> {
    try {
      return JSON.parse(await readFile(this.stateFile, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      const kept = `${this.stateFile}.damaged`;
      await rename(this.stateFile, kept);
      throw new Error(`${this.stateFile}: ${(error as Error).message}; kept as ${kept}`);
    }
  }

  /** Replaces the positions as a whole, so that a crash leaves either the old or the new ones. */
  async save(positions: readonly FilePosition[]): Promise<void> {
    const text = JSON.stringify(positions);
    if (text === this.saved) return;
    await mkdir(dirname(this.stateFile), { recursive: true });
    const temporary = `${this.stateFile}.new`;
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(text);
      // Without it a power cut may keep the rename and lose the content.
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, this.stateFile);
    this.saved = text;
  }
}
