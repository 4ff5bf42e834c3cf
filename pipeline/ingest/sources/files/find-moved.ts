import type { BigIntStats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { FilePosition } from './file-position.ts';
import { matchFingerprint } from './fingerprint.ts';
import { TailedFile } from './tailed-file.ts';

interface Sibling {
  readonly path: string;
  readonly stats: BigIntStats;
}

/** Finds the file of a position under another name in the same folder, where a rotation renamed it while the collector was not running. */
export async function findRenamed(position: FilePosition, now: number): Promise<TailedFile | undefined> {
  const siblings = await listSiblings(position.path);
  const same = siblings.find(
    ({ stats }) => String(stats.ino) === position.ino && String(stats.dev) === position.dev,
  );
  return same && openAt(same, position, now);
}

/**
 * Finds the copy that copytruncate made of a file before it truncated the file; it has the lines that were written between the
 * last read and the truncation. Its name comes from the file's, it begins with the same bytes, is longer than the
 * position, and is not older than the content that was read, as earlier copies are.
 */
export async function findCopy(position: FilePosition, now: number): Promise<TailedFile | undefined> {
  const name = basename(position.path);
  const stem = basename(name, extname(name));
  const end = position.pending?.end ?? position.offset;
  const siblings = await listSiblings(position.path, stem);
  const candidates = siblings.filter(
    ({ path, stats }) =>
      path !== position.path && Number(stats.size) >= end && Number(stats.mtimeMs) >= position.modified,
  );
  candidates.sort((a, b) => Number(b.stats.mtimeNs - a.stats.mtimeNs));
  for (const candidate of candidates) {
    const { dev, ino } = candidate.stats;
    const copy = await openAt(candidate, { ...position, dev: String(dev), ino: String(ino) }, now);
    if (copy) return copy;
  }
  return undefined;
}

/** The number or date that rotations add to a name, also before its extension. */
const ROTATION = /[._-][\d._:T-]*\d(?=(?:\.[^./\d][^./]*)?$)/;

/** The path of the original, if this path is that of a copy. */
export function originalOf(path: string): string {
  return path.replace(ROTATION, '');
}

async function openAt(
  { path, stats }: Sibling,
  position: FilePosition,
  now: number,
): Promise<TailedFile | undefined> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (!handle) return undefined;
  if (await matchFingerprint(handle, position.head)) return new TailedFile(handle, position, stats, now);
  await handle.close();
  return undefined;
}

async function listSiblings(path: string, prefix = ''): Promise<Sibling[]> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => name.startsWith(prefix))
      .map(async (name) => {
        const sibling = join(folder, name);
        const stats = await stat(sibling, { bigint: true }).catch(() => undefined);
        return stats?.isFile() ? [{ path: sibling, stats }] : [];
      }),
  );
  return found.flat();
}
