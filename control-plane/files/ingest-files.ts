import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CollectedLine } from '../../pipeline/sources/files/collected-batch.ts';
import { type FilePosition, startOf } from '../../pipeline/sources/files/file-position.ts';
import { matchFingerprint, matchTail } from '../../pipeline/sources/files/fingerprint.ts';
import { type ReadResult, TailedFile } from '../../pipeline/sources/files/tailed-file.ts';
import type { CatalogFile, FileCatalog } from './file-catalog.ts';

/**
 * One batch of at most 1 MiB of each is delivered at once: together they make a large insert. Also how many batches a
 * crash leaves in doubt, which must not be more than the pipeline remembers (256).
 */
const FILES_AT_ONCE = 64;
const ROUND_BYTES = 16 * 1024 * 1024;

export interface IngestOptions {
  readonly mirror: string;
  readonly catalog: FileCatalog;
  /** Stores a batch durably. The same id is the same batch, which may have been stored before. */
  readonly deliver: (file: CatalogFile, id: string, lines: readonly CollectedLine[]) => Promise<void>;
  readonly onDone: () => void;
  readonly signal: AbortSignal;
}

interface OpenFile {
  readonly file: CatalogFile;
  readonly handle: FileHandle;
  reader: TailedFile;
}

/**
 * Stores the lines of files behind their positions. The copies only change in a transfer, which never runs at the
 * same time. A batch's end is saved before it is delivered, so that a crash repeats the very same batch.
 * @param settled says of a file that nothing more comes now: its last line counts as finished
 */
export async function ingestFiles(
  options: IngestOptions,
  files: readonly CatalogFile[],
  settled: (file: CatalogFile) => boolean,
): Promise<void> {
  const { catalog, deliver, signal, onDone } = options;
  const former = await forgetReplaced(options, files);
  const waiting = [...files];
  const opened: OpenFile[] = [];
  try {
    while (waiting.length > 0 || opened.length > 0) {
      signal.throwIfAborted();
      while (opened.length < FILES_AT_ONCE && waiting.length > 0) {
        const file = waiting.shift()!;
        opened.push(await openFile(options.mirror, file, former, settled(file)));
      }
      const batches: { entry: OpenFile; result: ReadResult & { kind: 'batch' } }[] = [];
      for (let bytes = 0, left = opened.length; left > 0 && bytes < ROUND_BYTES; left--) {
        const entry = opened[0]!;
        const result = await readNext(entry);
        opened.shift();
        if (result.kind === 'batch') {
          // Behind those that this round does not reach.
          opened.push(entry);
          batches.push({ entry, result });
          bytes += result.bytes;
        } else {
          await entry.handle.close();
          onDone();
        }
      }
      await catalog.save();
      await Promise.all(
        batches.map(async ({ entry, result }) => {
          await deliver(entry.file, result.batch.id, result.batch.lines);
          entry.reader.advance();
          catalog.put(entry.file);
        }),
      );
    }
  } finally {
    for (const { handle } of opened) await handle.close();
    await catalog.save();
  }

  async function readNext(entry: OpenFile): Promise<ReadResult> {
    for (;;) {
      const result = await entry.reader.read(Date.now());
      if (result.kind === 'replaced') await restart(entry);
      else if (result.kind !== 'skipped') {
        entry.file.position = entry.reader.position;
        catalog.put(entry.file);
        return result;
      }
    }
  }

  async function restart(entry: OpenFile): Promise<void> {
    const stats = await entry.handle.stat({ bigint: true });
    entry.reader = new TailedFile(entry.handle, startOf(entry.file.path, stats), stats, 0);
  }
}

async function openFile(
  mirror: string,
  file: CatalogFile,
  former: readonly FilePosition[],
  settled: boolean,
): Promise<OpenFile> {
  const handle = await open(join(mirror, file.path), 'r');
  const stats = await handle.stat({ bigint: true });
  const position = file.position ?? (await findRotated(handle, file, former)) ?? startOf(file.path, stats);
  // The silence after which a line counts as finished is measured from the file's last change.
  return { file, handle, reader: new TailedFile(handle, position, stats, settled ? 0 : file.modified) };
}

/** Takes the positions away from files that have another content now, and gives them back: a rotation may have moved it. */
async function forgetReplaced(
  { mirror, catalog }: IngestOptions,
  files: readonly CatalogFile[],
): Promise<FilePosition[]> {
  const former: FilePosition[] = [];
  for (const file of files) {
    const { position } = file;
    if (!position) continue;
    const handle = await open(join(mirror, file.path), 'r');
    try {
      if (await continues(handle, position)) continue;
    } finally {
      await handle.close();
    }
    former.push(position);
    delete file.position;
    catalog.put(file);
  }
  return former;
}

/** What was read of a file before `logrotate` gave it another name beside the old one is not read again. */
async function findRotated(
  handle: FileHandle,
  file: CatalogFile,
  former: readonly FilePosition[],
): Promise<FilePosition | undefined> {
  for (const position of former) {
    if (dirname(position.path) !== dirname(file.path) || position.head.length === 0) continue;
    if (await continues(handle, position)) return { ...position, path: file.path };
  }
  return undefined;
}

async function continues(
  handle: FileHandle,
  { head, tail, offset, pending }: FilePosition,
): Promise<boolean> {
  const { size } = await handle.stat();
  if (size < (pending?.end ?? offset)) return false;
  if (!(await matchFingerprint(handle, head))) return false;
  return !tail || matchTail(handle, offset, tail);
}
