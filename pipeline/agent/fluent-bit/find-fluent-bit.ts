import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first `fluent-bit` on a PATH. */
export function findFluentBit(path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'fluent-bit'))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
