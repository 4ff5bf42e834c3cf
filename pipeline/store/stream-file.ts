import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../runtime/make-folder.ts';

/** Has `write` make a file in a folder, yields its bytes piece by piece and removes it, also where the reader stops early. */
export async function* streamFile(
  folder: string,
  write: (path: string) => Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  await makeFolder(folder);
  const path = join(folder, randomUUID());
  try {
    await write(path);
    yield* createReadStream(path) as AsyncIterable<Buffer>;
  } finally {
    await rm(path, { force: true });
  }
}
