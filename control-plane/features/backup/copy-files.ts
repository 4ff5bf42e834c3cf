import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../../../pipeline/runtime/make-folder.ts';
import type { Manifest } from './manifest.ts';

type CopiedFile = Manifest['files'][number];

/** Regular files below a folder, by their path from it; none where it does not exist. */
export async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Copies a file into a folder and computes the checksum of the bytes that were read. */
export async function copyFile(from: string, folder: string, path: string): Promise<CopiedFile> {
  const to = join(folder, path);
  await makeFolder(dirname(to));
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    createReadStream(from),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    // Readable by the owner alone, because a backup has the admin token and the records.
    createWriteStream(to, { mode: 0o600, flush: true }),
  );
  return { path, bytes, sha256: hash.digest('hex') };
}

export async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
