import { createReadStream, type Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface RotatedFile {
  readonly path: string;
  readonly stats: Stats;
}

/** A log and what was rotated away from it (`api.log.2`, `api.log.1`, `api.log`), the oldest first. */
export async function rotatedFiles(dir: string, name: string): Promise<RotatedFile[]> {
  const numbers = new Map<string, number>();
  for (const found of await readdir(dir)) {
    if (found === name) numbers.set(found, 0);
    else if (found.startsWith(`${name}.`) && /^\d+$/.test(found.slice(name.length + 1)))
      numbers.set(found, Number(found.slice(name.length + 1)));
  }
  const names = [...numbers].sort(([, a], [, b]) => b - a).map(([found]) => found);
  return Promise.all(
    names.map(async (found) => ({ path: join(dir, found), stats: await stat(join(dir, found)) })),
  );
}

const CHUNK = 1024 * 1024;
const NEWLINE = 0x0a;

/** Lines of a file one after the other, in the memory of one chunk and one line. */
export async function* readLines(path: string): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end === -1) {
      rest = Buffer.concat([rest, chunk]);
      continue;
    }
    yield* Buffer.concat([rest, chunk.subarray(0, end)])
      .toString()
      .split('\n');
    rest = chunk.subarray(end + 1);
  }
  if (rest.length > 0) yield rest.toString();
}

/** The last lines of a file, read from its end. */
export async function lastLines({ path, stats }: RotatedFile, count: number): Promise<string[]> {
  const file = await open(path);
  try {
    for (let size = 64 * 1024; ; size *= 4) {
      const start = Math.max(stats.size - size, 0);
      const block = Buffer.alloc(stats.size - start);
      await file.read(block, 0, block.length, start);
      const lines = block.toString().split('\n');
      if (lines.at(-1) === '') lines.pop();
      // The first line of a block that does not open the file may have lost its head.
      if (start === 0 || lines.length > count) return lines.slice(-count);
    }
  } finally {
    await file.close();
  }
}
