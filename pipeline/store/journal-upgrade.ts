import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFrame } from './journal-frame.ts';

/** Entry for an append in the `.ends` file: bytes of the file of rows up to its end, number of rows, sequence number of the last row. */
const END_BYTES = 24;

/**
 * Turns the files that a process of version 0.1.0 left into frames, so that an update is possible after a crash. That version kept the
 * ends of appends in a second file (`0.ends`) beside each file of rows.
 */
export async function upgradeJournal(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, number] = /^(\d+)\.ends$/.exec(name) ?? [];
    if (number === undefined) continue;
    const path = join(folder, number);
    const ends = await readFile(join(folder, name));
    const rows = await readFile(path).catch(() => Buffer.alloc(0));
    // A file without rows is set aside later, like a file of the current form.
    await upgradeFile(path, rows, ends).catch(() => {});
    await rm(join(folder, name));
  }
}

async function upgradeFile(path: string, bytes: Buffer, ends: Buffer): Promise<void> {
  let length = 0;
  let rows = 0;
  let last = 0;
  for (let at = 0; at + END_BYTES <= ends.length; at += END_BYTES) {
    if (ends.readDoubleLE(at) > bytes.length) break;
    length = ends.readDoubleLE(at);
    rows += ends.readDoubleLE(at + 8);
    last = ends.readDoubleLE(at + 16);
  }
  if (rows === 0) return rm(path, { force: true });
  const frame = { generation: last - rows + 1, offset: 0, rows, rowsBefore: 0, last };
  const file = await open(`${path}.new`, 'w');
  try {
    await file.writev(encodeFrame([bytes.subarray(0, length)], frame).pieces);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
