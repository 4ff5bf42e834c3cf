import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { makeFolder } from '../../pipeline/runtime/make-folder.ts';

const MAX_MILLISECONDS = 10_000;

/** The file system does not answer, as when a network server is away; a thread of this process hangs in the call. */
export class HangingFolderError extends Error {}

/**
 * Makes a folder where it is missing, and writes and removes a file in it.
 * @throws Error of the system, or HangingFolderError
 */
export async function probeFolder(folder: string): Promise<void> {
  const probe = join(folder, `.probe-${randomUUID()}`);
  const write = async () => {
    await makeFolder(folder);
    try {
      await writeFile(probe, 'x');
    } finally {
      await rm(probe, { force: true }).catch(() => {});
    }
  };
  const answered = new AbortController();
  const late = setTimeout(MAX_MILLISECONDS, undefined, { signal: answered.signal, ref: false });
  try {
    await Promise.race([
      write(),
      late.then(() => {
        throw new HangingFolderError(`its file system does not answer within ${MAX_MILLISECONDS / 1000} s`);
      }),
    ]);
  } finally {
    answered.abort();
    late.catch(() => {});
  }
}
