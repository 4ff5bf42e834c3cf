import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CollectedLine } from '../../../pipeline/ingest/sources/files/collected-batch.ts';
import type { FilePosition } from '../../../pipeline/ingest/sources/files/file-position.ts';
import type { Categorize } from '../../../pipeline/record/category.ts';
import { makeFolder } from '../../../pipeline/runtime/make-folder.ts';
import { linkFile, relinkFile, unlinkFile } from './categorized-tree.ts';
import { type CatalogFile, FileCatalog } from './file-catalog.ts';
import { ingestFiles } from './ingest-files.ts';
import type { RemoteFile } from './rsync-output.ts';
import { sortFile } from './sort-file.ts';
import { recordPath, type SyncSource } from './sync-source.ts';

export interface SourceFilesOptions {
  readonly source: SyncSource;
  /** `DATA_DIR`. */
  readonly root: string;
  /** Prefix of the files' names below a service: '' or `<name>/`, to separate sources. */
  readonly prefix: string;
  readonly categorize: Categorize;
  readonly deliver: (file: CatalogFile, id: string, lines: readonly CollectedLine[]) => Promise<void>;
  /** Moves the records of files from one service to another. */
  readonly resortRecords: (filePaths: readonly string[], from: string, to: string) => Promise<void>;
}

/** The copies of one source's files: their catalog, their links by service, their lines. */
export class SourceFiles {
  readonly source: SyncSource;
  readonly mirror: string;
  readonly #options: SourceFilesOptions;
  readonly #catalog: FileCatalog;
  #loaded = false;

  constructor(options: SourceFilesOptions) {
    this.#options = options;
    this.source = options.source;
    this.mirror = join(options.root, 'synced', this.source.name);
    this.#catalog = new FileCatalog(join(options.root, 'state', `sync-${this.source.name}`));
  }

  /** Loads the catalog, and sorts files again where the rules have changed. Must be called first. */
  async open(): Promise<void> {
    if (this.#loaded) return;
    await makeFolder(this.mirror);
    await this.#catalog.load();
    this.#loaded = true;
    await this.#resort();
  }

  present(): Iterable<CatalogFile> {
    return this.#catalog.present();
  }

  /**
   * The files that differ from their copies, and those whose copies are not in the catalog, because the server was killed or the disk was
   * full after their transfer. Files that were deleted here and have not changed at their source since are left out.
   */
  toTakeIn(files: readonly RemoteFile[]): RemoteFile[] {
    return files.filter(({ path, size, modified, differs }) => {
      const known = this.#catalog.get(path);
      if (known?.size !== size || known.modified !== modified) return true;
      return differs && !known.deleted;
    });
  }

  /**
   * Takes in the files of a transfer, complete or partial. A file that was read before is left out until it is complete, because its new
   * bytes may belong to another content than the old ones.
   * @returns the numbers of new files and of changed ones
   */
  async take(
    files: readonly RemoteFile[],
    broken: boolean,
  ): Promise<{ readonly added: number; readonly changed: number }> {
    let added = 0;
    let changed = 0;
    for (const { path, size, modified: sent } of files) {
      const copy = join(this.mirror, path);
      const stats = await stat(copy).catch(() => undefined);
      if (!stats?.isFile()) continue;
      const known = this.#catalog.get(path);
      const file: CatalogFile =
        known && !known.deleted ? known : { path, size: 0, modified: 0, service: '', place: '' };
      // In full seconds, as rsync compares times.
      const modified = Math.floor(stats.mtimeMs / 1000) * 1000;
      if (file.position && broken && (stats.size !== size || modified !== sent)) continue;
      if (file.place === '') added++;
      else if (file.size !== stats.size || file.modified !== modified) changed++;
      await this.#link(file);
      file.size = stats.size;
      file.modified = modified;
      if (stats.size < size) file.partial = true;
      else delete file.partial;
      this.#catalog.put(file);
    }
    await this.#catalog.save();
    return { added, changed };
  }

  /**
   * Stores the lines that are not stored yet.
   * @param changed paths of the last transfer: nothing more comes from the other files now, so their last lines
   *   count as finished; undefined before a transfer
   */
  async ingest(
    changed: ReadonlySet<string> | undefined,
    onFile: (done: number, total: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    // The first lines of a file may not show its service; their records move when later lines do.
    await this.#moveRecords();
    const open: CatalogFile[] = [];
    for (const file of this.#catalog.present()) {
      const behind = file.position?.pending !== undefined || (file.position?.offset ?? 0) !== file.size;
      if (file.binary || !(behind || changed?.has(file.path))) continue;
      // Another size than in the catalog: the rest of a broken transfer.
      const copy = await stat(join(this.mirror, file.path)).catch(() => undefined);
      if (copy?.size === file.size) open.push(file);
    }
    const { deliver } = this.#options;
    let done = 0;
    const onDone = () => onFile(++done, open.length);
    await ingestFiles(
      { mirror: this.mirror, catalog: this.#catalog, deliver, onDone, signal },
      open,
      (file) => {
        if (changed !== undefined && !changed.has(file.path)) return 0;
        return file.partial ? Number.POSITIVE_INFINITY : file.modified;
      },
    );
  }

  /** Positions in former contents of files; the files with these contents come with the next complete transfer. */
  formerPositions(): ReadonlySet<FilePosition> {
    return new Set([...this.#catalog.present()].flatMap((file) => file.former ?? []));
  }

  async forget(former: ReadonlySet<FilePosition>): Promise<void> {
    for (const file of this.#catalog.present()) {
      const kept = file.former?.filter((position) => !former.has(position));
      if (kept?.length === file.former?.length) continue;
      if (kept!.length > 0) file.former = kept!;
      else delete file.former;
      this.#catalog.put(file);
    }
    await this.#catalog.save();
  }

  /** Removes copies and links and remembers that, so that the next sync does not bring them back. */
  async remove(files: readonly CatalogFile[]): Promise<void> {
    for (const file of files) {
      const { path, size, modified, service } = file;
      await unlinkFile(this.#options.root, file.place);
      await rm(join(this.mirror, path), { force: true });
      this.#catalog.put({ path, size, modified, service, place: '', deleted: true });
    }
    await this.#catalog.save();
  }

  async #link(file: CatalogFile): Promise<void> {
    const { root, prefix, categorize } = this.#options;
    const copy = join(this.mirror, file.path);
    const { service, binary } = await sortFile(
      copy,
      this.recordPath(file),
      this.source.machineId,
      categorize,
    );
    if (binary) file.binary = true;
    else delete file.binary;
    if (file.place !== '' && file.service === service) {
      const [old, now] = await Promise.all([stat(join(root, file.place)).catch(() => undefined), stat(copy)]);
      if (old?.ino !== now.ino) await relinkFile(root, copy, file.place);
      return;
    }
    if (file.place !== '') await unlinkFile(root, file.place);
    if (file.position) file.recordsIn ??= file.service;
    file.service = service;
    file.place = await linkFile(root, copy, service, prefix + file.path);
  }

  /** Sorts the files again after a change of the rules: links move and records change their service; nothing is read again. */
  async #resort(): Promise<void> {
    for (const file of this.#catalog.present()) {
      const { service } = file;
      if (!(await stat(join(this.mirror, file.path)).catch(() => undefined))) continue;
      await this.#link(file);
      if (file.service !== service) this.#catalog.put(file);
    }
    await this.#catalog.save();
    await this.#moveRecords();
  }

  /** Moves the records of files that were sorted again to their service; the catalog knows the moves that a crash interrupted. */
  async #moveRecords(): Promise<void> {
    const moved = new Map<string, CatalogFile[]>();
    for (const file of this.#catalog.present()) {
      if (file.recordsIn === undefined) continue;
      const way = JSON.stringify([file.recordsIn, file.service]);
      moved.set(way, [...(moved.get(way) ?? []), file]);
    }
    for (const [way, files] of moved) {
      const [from, to] = JSON.parse(way) as [string, string];
      const paths = files.map((file) => this.recordPath(file));
      if (from !== to) await this.#options.resortRecords(paths, from, to);
      for (const file of files) {
        delete file.recordsIn;
        this.#catalog.put(file);
      }
    }
    await this.#catalog.save();
  }

  recordPath({ path }: CatalogFile): string {
    return recordPath(this.source, path);
  }
}
