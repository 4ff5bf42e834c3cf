import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { replaceFile } from './replace-file.ts';

const HEAD = /^sha256 ([0-9a-f]{64})\n/;

/**
 * Saves state that a server needs after its next start, with a checksum: without it a position with a flipped digit would still be
 * readable, and records would be stored twice or not at all. The state is on the disk when the promise resolves.
 */
export async function saveState(path: string, text: string): Promise<void> {
  await replaceFile(path, `sha256 ${checksumOf(text)}\n${text}`);
}

/**
 * Loads what `saveState` saved; undefined where there is no file. A file of an earlier release, which has no checksum, is read as it is.
 * @throws Error where the checksum is wrong
 */
export async function loadState(path: string): Promise<string | undefined> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const head = HEAD.exec(content);
  if (!head) return content;
  const text = content.slice(head[0].length);
  if (checksumOf(text) !== head[1]) throw new Error('its checksum is wrong');
  return text;
}

function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
