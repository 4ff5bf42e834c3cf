import { stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';

const LOGS_IN_FOLDER = '**/*.{log,out,err,jsonl}';
const COMPRESSED = /\.(gz|zst|xz|bz2|lz4|zip)$/;

/**
 * The files that paths, folders and globs name at this moment, each once, with absolute paths. A folder stands for the
 * logs below it, also hidden ones (PM2's are in `.pm2`). Compressed files are left out, because they are rotated ones.
 */
export async function expandGlobs(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map((path) => expandOne(resolve(path))));
  return [...new Set(found.flat())].filter((path) => !COMPRESSED.test(path));
}

async function expandOne(path: string): Promise<string[]> {
  // A file of exactly this name counts, also where the name has a `[` or `*`.
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory()) {
    return glob(LOGS_IN_FOLDER, { cwd: path, absolute: true, dot: true });
  }
  if (stats?.isFile()) return [path];
  if (!isDynamicPattern(path)) return [];
  const segments = path.split(sep);
  const firstDynamic = segments.findIndex((segment) => isDynamicPattern(segment));
  const folder = segments.slice(0, firstDynamic).join(sep) || sep;
  return glob(segments.slice(firstDynamic).join('/'), {
    cwd: folder,
    absolute: true,
    expandDirectories: false,
  });
}
