import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Lets `write` make a file in a folder, gives its bytes piece by piece and removes it, also where the reader leaves. */
export async function* streamFile(
  folder: string,
  write: (path: string) => Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, randomUUID());
  try {
    await write(path);
    yield* createReadStream(path) as AsyncIterable<Buffer>;
  } finally {
    await rm(path, { force: true });
  }
}
