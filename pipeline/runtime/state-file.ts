import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { replaceFile } from './replace-file.ts';

const HEAD = /^sha256 ([0-9a-f]{64})\n/;

/**
 * Keeps what a server has to know after its next start, with a checksum: a digit that has changed in a position is as readable as before,
 * and what lies behind it would be stored twice or not at all. Durable when it resolves.
 */
export async function saveState(path: string, text: string): Promise<void> {
  await replaceFile(path, `sha256 ${checksumOf(text)}\n${text}`);
}

/**
 * Undefined where there is none. One of an earlier release, which has no checksum, is taken as it is.
 * @throws Error where it is not what was saved
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
