import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { CollectedPart } from './collected-batch.ts';
import { expandGlobs } from './expand-globs.ts';
import { type FilePosition, startOf } from './file-position.ts';
import { findCopy, findRenamed, originalOf } from './find-moved.ts';
import { matchFingerprint } from './fingerprint.ts';
import { OffsetStore } from './offset-store.ts';
import { type ReadResult, TailedFile } from './tailed-file.ts';

/** How long the position of a missing file is kept: its volume may be mounted again. */
const MISSING_KEPT_MS = 24 * 3600 * 1000;

/** What stands in a listed name for bytes that are not UTF-8; a file cannot be opened by such a name. */
const NO_CHARACTER = '\ufffd';
const NO_UTF8_NAME = 'its name is not UTF-8, so it is not read; rename it';

export interface TrackedFilesOptions {
  readonly paths: readonly string[];
  readonly stateFile: string;
  readonly onProblem: (message: string) => void;
  /** Called with what a truncation removed before it was read. */
  readonly onLost: (filePath: string, part: CollectedPart) => void;
}

/** The files that exist, under whatever name, and how far each has been delivered. */
export class TrackedFiles {
  readonly counters = { truncations: 0, lostBytes: 0 };
  private readonly options: TrackedFilesOptions;
  private readonly store: OffsetStore;
  /** The files by device and inode, which a file keeps when it is renamed and which all links to it share. */
  private readonly files = new Map<string, TailedFile>();
  /** Saved positions of files that are not open. */
  private missing: FilePosition[] = [];
  private loaded = false;
  /** Problems that were reported; each is reported once. */
  private readonly reported = new Set<string>();

  constructor(options: TrackedFilesOptions) {
    this.options = options;
    this.store = new OffsetStore(options.stateFile);
  }

  get size(): number {
    return this.files.size;
  }

  /** Brings the list of files up to date with the disk. */
  async discover(now: number): Promise<void> {
    const returning = this.loaded ? [] : await this.load();
    const paths = await expandGlobs(this.options.paths);
    const found = await Promise.all(paths.map((path) => this.look(path)));
    const seen = new Set<TailedFile | undefined>();
    for (const [index, stats] of found.entries()) {
      const path = paths[index]!;
      if (stats === 'unknown') seen.add(this.openAt(path));
      if (typeof stats !== 'object' || !stats.isFile()) continue;
      const known = this.files.get(keyOf(stats));
      known?.observe(stats, now);
      seen.add(known ?? (await this.openNew(path, now)));
    }
    for (const position of returning) {
      // A file that was missing before had nothing left to read.
      const lost = position.missingSince === undefined && this.missing.includes(position);
      if (lost) await this.searchMoved(position, now);
    }
    for (const file of this.files.values()) {
      if (seen.has(file)) file.gone = false;
      else
        await file.watchWithoutName(now).catch((error: Error) => {
          // A network file system forgets a file that another machine deleted.
          this.report(file.position.path, error);
          return this.letGo(file, now);
        });
    }
  }

  /** The files that can be read now: those with a batch in doubt first, then those that have waited longest. */
  due(now: number): TailedFile[] {
    const due = [...this.files.values()].filter((file) => file.isDue(now));
    return due.sort((a, b) => Number(b.inDoubt) - Number(a.inDoubt) || a.lastRead - b.lastRead);
  }

  countInDoubt(): number {
    let count = 0;
    for (const file of this.files.values()) if (file.inDoubt) count++;
    return count;
  }

  /** Reads a file's next batch; a file that was truncated is set to its new start. */
  async read(file: TailedFile, now: number): Promise<ReadResult> {
    const { path } = file.position;
    if (file.isFresh(now) && (await this.mayBeCopy(file))) return { kind: 'idle' };
    const result = await file.read(now).catch((error: Error) => {
      this.report(path, error);
      return { kind: 'idle' } as const;
    });
    if (result.kind !== 'replaced') return result;
    await this.followTruncation(file, now);
    return { kind: 'skipped' };
  }

  async save(): Promise<void> {
    await this.store.save([...[...this.files.values()].map((file) => file.position), ...this.missing]);
  }

  /** Closes files without a name that are not written to any more. */
  async closeFinished(now: number): Promise<void> {
    this.missing = this.missing.filter(({ missingSince = now }) => now - missingSince < MISSING_KEPT_MS);
    for (const file of this.files.values()) if (file.isFinished(now)) await this.letGo(file, now);
  }

  async close(): Promise<void> {
    await this.save();
    for (const file of this.files.values()) await file.close();
    this.files.clear();
  }

  /** The file's stat; undefined where there is no file, `unknown` where stat failed for another reason. */
  private async look(path: string): Promise<BigIntStats | 'unknown' | undefined> {
    try {
      return await stat(path, { bigint: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        if (path.includes(NO_CHARACTER)) this.report(path, new Error(NO_UTF8_NAME));
        return undefined;
      }
      this.report(path, error as Error);
      return 'unknown';
    }
  }

  private openAt(path: string): TailedFile | undefined {
    return [...this.files.values()].find((file) => file.position.path === path && !file.gone);
  }

  /** True where the file may be a copy by copytruncate, whose content is read from the original. The copy is used after the truncation. */
  private async mayBeCopy(file: TailedFile): Promise<boolean> {
    const original = this.openAt(originalOf(file.position.path));
    if (!original || original === file) return false;
    return file.repeats(original).catch(() => false);
  }

  private async openNew(path: string, now: number): Promise<TailedFile | undefined> {
    try {
      const handle = await open(path, 'r');
      const stats = await handle.stat({ bigint: true });
      const known = this.files.get(keyOf(stats));
      if (known) {
        // Another link to a known file, or the path leads to another file since the stat.
        await handle.close();
        return known;
      }
      const position = (await this.takeMissing(path, handle, stats)) ?? startOf(path, stats);
      return this.add(new TailedFile(handle, position, stats, now));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.report(path, error as Error);
      return undefined;
    }
  }

  private add(file: TailedFile): TailedFile {
    this.files.set(keyOf(file.position), file);
    return file;
  }

  private async letGo(file: TailedFile, now: number): Promise<void> {
    this.files.delete(keyOf(file.position));
    if (!file.deleted) this.missing.push({ ...file.position, missingSince: now });
    await file.close();
  }

  private async load(): Promise<FilePosition[]> {
    this.loaded = true;
    try {
      this.missing = await this.store.load();
    } catch (error) {
      this.options.onProblem(`${(error as Error).message}; files are read again from their start`);
    }
    return [...this.missing];
  }

  /** Takes the saved position of a file that has reappeared. An inode that was given to another file since does not match. */
  private async takeMissing(
    path: string,
    handle: FileHandle,
    stats: BigIntStats,
  ): Promise<FilePosition | undefined> {
    const dev = String(stats.dev);
    const ino = String(stats.ino);
    for (const position of this.missing) {
      // Device numbers of network and mapped volumes change with a reboot.
      if (position.ino !== ino || (position.dev !== dev && position.path !== path)) continue;
      if (!(await matchFingerprint(handle, position.head))) continue;
      this.missing.splice(this.missing.indexOf(position), 1);
      delete position.missingSince;
      position.dev = dev;
      return position;
    }
    return undefined;
  }

  /** Searches the rest of a file that was rotated while the collector was not running. */
  private async searchMoved(position: FilePosition, now: number): Promise<void> {
    const moved = (await findRenamed(position, now)) ?? (await findCopy(position, now));
    if (!moved) {
      position.missingSince = now;
      return;
    }
    this.missing.splice(this.missing.indexOf(position), 1);
    await this.adopt(moved, now);
  }

  private async followTruncation(file: TailedFile, now: number): Promise<void> {
    const { position, largestSize } = file;
    this.counters.truncations++;
    await file.restart(startOf(position.path, position), now);
    const copy = await findCopy(position, now);
    if (copy) return this.adopt(copy, now);
    const lost = Math.max(0, largestSize - position.offset);
    this.counters.lostBytes += lost;
    if (lost === 0) return;
    const { path, incarnation, offset } = position;
    this.options.onLost(path, { content: incarnation, from: offset, to: largestSize });
    this.options.onProblem(`${position.path}: truncated with ${lost} bytes not read yet`);
  }

  private async adopt(moved: TailedFile, now: number): Promise<void> {
    const known = this.files.get(keyOf(moved.position));
    if (!known) {
      this.add(moved);
      return;
    }
    // The new name is collected too; the part that was delivered under the old one is not delivered again.
    await moved.close();
    if (!known.inDoubt && known.position.offset < moved.position.offset)
      await known.restart(moved.position, now);
  }

  private report(path: string, error: Error): void {
    const problem = `${path}: ${error.message}`;
    if (!this.reported.has(problem)) this.options.onProblem(problem);
    this.reported.add(problem);
  }
}

function keyOf({ dev, ino }: { dev: bigint | string; ino: bigint | string }): string {
  return `${dev}:${ino}`;
}
