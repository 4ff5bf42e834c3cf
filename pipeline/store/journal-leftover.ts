import { type FileHandle, open, readdir, rename, rm, truncate } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { END, type Frame, frameAt, readFrames } from './journal-frame.ts';

/** Rows that an earlier process appended to a file of the journal, and may not have stored. */
export interface Leftover {
  readonly path: string;
  readonly rows: number;
  /** Sequence number of the last readable row. */
  readonly last: number;
  /** The complete frames of the file's last use, in the order of their rows. */
  readonly frames: readonly Frame[];
  /** Rows between the frames that cannot be read. */
  readonly lostRows: number;
}

/** Damaged files that are kept; beyond this number the oldest are removed. */
const MAX_SET_ASIDE = 8;
const HEAD_BYTES = 4096;
const NAME = /^\d+$/;

/**
 * Reads the rows that the files of a journal hold behind a checkpoint, the oldest first. A file that cannot be read is set aside, and
 * the others are read all the same.
 * @param report called with a sentence for each loss or possible loss
 */
export async function readLeftovers(
  folder: string,
  checkpoint: number,
  report: (message: string) => void,
): Promise<Leftover[]> {
  const leftovers = new Map<number, Leftover>();
  for (const name of (await readdir(folder)).sort()) {
    if (!NAME.test(name)) continue;
    const path = join(folder, name);
    try {
      const leftover = await readLeftover(path, checkpoint, report);
      if (!leftover) continue;
      const { generation } = leftover.frames[0]!;
      // Two files of one generation: somebody copied a file.
      const other = leftovers.get(generation);
      if (!other || other.rows < leftover.rows) leftovers.set(generation, leftover);
    } catch (error) {
      const aside = await setAside(path);
      report(
        `the file ${path} of the journal cannot be read (${(error as Error).message}) and was set aside: ${aside}`,
      );
    }
  }
  return [...leftovers.values()].sort((a, b) => a.last - b.last);
}

async function readLeftover(
  path: string,
  checkpoint: number,
  report: (message: string) => void,
): Promise<Leftover | undefined> {
  const bytes = await readBehind(path, checkpoint);
  if (bytes.length === 0) return undefined;
  const all = readFrames(bytes).filter(({ last }) => last > checkpoint);
  const generation = all.reduce((latest, frame) => Math.max(latest, frame.generation), 0);
  const frames = all.filter((frame) => frame.generation === generation);
  const lastFrame = frames.at(-1);
  const torn = frameAt(bytes, lastFrame ? lastFrame.offset + lastFrame.length : 0);
  if (torn && torn.last > checkpoint && torn.generation >= generation)
    report(
      `the last ${torn.rows} records in the file ${path} of the journal are not whole: the server ended while it wrote them, before ` +
        'they were acknowledged, unless the disk is damaged',
    );
  else if (!lastFrame) throw new Error('it does not begin with records');
  if (!lastFrame) {
    await truncate(path, 0);
    return undefined;
  }
  const rows = frames.reduce((sum, frame) => sum + frame.rows, 0);
  const lostRows = lastFrame.rowsBefore + lastFrame.rows - rows;
  if (lostRows > 0)
    report(
      `${lostRows} records in the file ${path} of the journal cannot be read and are lost; ${rows} others are stored`,
    );
  return { path, rows, last: lastFrame.last, frames, lostRows };
}

/** The bytes of a file; none where its first frame shows that no row is behind the checkpoint. */
async function readBehind(path: string, checkpoint: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    const first = frameAt(head.subarray(0, bytesRead), 0);
    // Files become free one after the other: where the first row of a file is up to the checkpoint, all of its rows are.
    return first && first.generation <= checkpoint ? Buffer.alloc(0) : await readAll(file);
  } finally {
    await file.close();
  }
}

async function readAll(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const bytes = Buffer.alloc(size);
  let length = 0;
  for (let read = -1; read !== 0 && length < size; length += read)
    read = (await file.read(bytes, length, size - length, length)).bytesRead;
  return bytes.subarray(0, length);
}

/**
 * Writes the rows of a leftover to a file that the engine can read to its end, and removes it after use.
 * @param use gets the path of the file
 */
export async function useLeftover<T>(leftover: Leftover, use: (path: string) => Promise<T>): Promise<T> {
  const { path, frames, lostRows } = leftover;
  const { offset, length } = frames.at(-1)!;
  if (lostRows === 0) {
    await writeAt(path, END, offset + length);
    return use(path);
  }
  const complete = `${path}.whole`;
  try {
    await copyFrames(path, complete, frames);
    return await use(complete);
  } finally {
    await rm(complete, { force: true });
  }
}

async function writeAt(path: string, bytes: Uint8Array, position: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(bytes, 0, bytes.length, position);
  } finally {
    await file.close();
  }
}

async function copyFrames(from: string, to: string, frames: readonly Frame[]): Promise<void> {
  const source = await open(from);
  const target = await open(to, 'w');
  try {
    for (const { offset, length } of frames) {
      const bytes = Buffer.alloc(length);
      await source.read(bytes, 0, length, offset);
      await target.writeFile(bytes);
    }
  } finally {
    await source.close();
    await target.close();
  }
}

/** Keeps a damaged file under another name. @returns its path */
export async function setAside(path: string): Promise<string> {
  const folder = dirname(path);
  const aside = `${path}.damaged-${Date.now()}`;
  await rename(path, aside);
  const kept = (await readdir(folder)).filter(isSetAside).sort(byTime);
  for (const name of kept.slice(0, -MAX_SET_ASIDE))
    await rm(join(folder, name), { force: true, recursive: true });
  return aside;
}

/** Whether a file of this name was set aside. */
export function isSetAside(name: string): boolean {
  return /\.damaged-\d+$/.test(basename(name));
}

const byTime = (a: string, b: string) => Number(a.split('-').at(-1)) - Number(b.split('-').at(-1));
