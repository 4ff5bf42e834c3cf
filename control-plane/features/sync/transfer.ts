import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ProgramEnd, runProgram } from '../../../pipeline/runtime/run-program.ts';
import { explainFailure } from './explain-failure.ts';
import { rsyncArguments } from './rsync-options.ts';
import { type RemoteFile, readChange, readProgress, type TransferProgress } from './rsync-output.ts';
import type { SyncSource } from './sync-source.ts';

export interface TransferOptions {
  readonly source: SyncSource;
  /** Folder of the copies. */
  readonly mirror: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A source could not be read completely; the message is for an operator. */
export class SyncError extends Error {
  override readonly name = 'SyncError';
}

/** rsync's exit codes for files that it could not read, and for files that vanished meanwhile; the other files were copied. */
const PARTIAL = 23;
const VANISHED = 24;

/**
 * Lists the files of the source that differ from their copies.
 * @param all also those that do not differ
 * @returns the files, and the ones that could not be read with the reason
 * @throws SyncError
 */
export async function listChanges(
  options: TransferOptions,
  all: boolean,
): Promise<{ readonly files: RemoteFile[]; readonly warnings: string[] }> {
  const files: RemoteFile[] = [];
  const how = ['--dry-run', '--out-format=%i %l %M %n', ...(all ? ['--ignore-times'] : [])];
  const end = await rsync(options, how, {
    onLine: (line) => {
      const file = readChange(line);
      if (file) files.push(file);
    },
  });
  return { files, warnings: checkEnd(end) };
}

/**
 * Copies the given files. A file that has grown gets its new bytes appended, after a checksum over the old ones; a file
 * that was truncated or rewritten is replaced atomically, so that no reader sees a mixture. The bytes of a
 * broken transfer stay, and the next one goes on behind them.
 * @returns files that could not be copied, with the reason
 * @throws SyncError
 */
export async function transfer(
  options: TransferOptions,
  files: readonly RemoteFile[],
  onProgress: (progress: TransferProgress) => void,
): Promise<string[]> {
  const grown: RemoteFile[] = [];
  const rewritten: RemoteFile[] = [];
  for (const file of files) {
    const copy = await stat(join(options.mirror, file.path)).catch(() => undefined);
    if (!copy || copy.size < file.size) grown.push(file);
    else rewritten.push(file);
  }
  const warnings: string[] = [];
  // Rewritten files first, so that a rotation is known before the file with the moved content comes.
  const ways = [
    { group: rewritten, how: ['--partial-dir=.rsync-partial'] },
    { group: grown, how: ['--append-verify'] },
  ];
  for (const { group, how } of ways) {
    if (group.length === 0) continue;
    const end = await rsync(options, [...how, '--info=progress2', '--files-from=-', '--from0'], {
      // With `./` no name looks like an option or a comment.
      input: group.map(({ path }) => `./${path}`).join('\0'),
      onLine: (line) => {
        const progress = readProgress(line);
        if (progress) onProgress(progress);
      },
    });
    warnings.push(...checkEnd(end));
  }
  return warnings;
}

async function rsync(
  { source, mirror, timeoutMs, signal }: TransferOptions,
  extra: readonly string[],
  streams: { input?: string; onLine: (line: string) => void },
): Promise<ProgramEnd> {
  const end = await runProgram('rsync', rsyncArguments(source, extra, mirror), {
    ...streams,
    timeoutMs,
    signal,
  });
  signal.throwIfAborted();
  return end;
}

/** @returns the problems of single files */
function checkEnd(end: ProgramEnd): string[] {
  if (end.code === 0) return [];
  const fatal = /change_dir .* failed|No space left|quota exceeded|connection unexpectedly closed/i;
  if ((end.code === PARTIAL || end.code === VANISHED) && !fatal.test(end.stderr)) {
    return end.stderr.split('\n').filter((line) => line !== '' && !/^rsync (?:error|warning):/.test(line));
  }
  throw new SyncError(explainFailure(end));
}
