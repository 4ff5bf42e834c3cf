import { open, readFile } from 'node:fs/promises';
import type { FilePosition } from '../../../pipeline/ingest/sources/files/file-position.ts';
import { replaceFile } from '../../../pipeline/runtime/replace-file.ts';

/** One file of a source in the catalog. */
export interface CatalogFile {
  /** Path below the source's folder, with `/` between its parts; also its path in the mirror. */
  readonly path: string;
  /** Bytes of the copy. */
  size: number;
  /** Time of the last change at the source, milliseconds since 1970. */
  modified: number;
  service: string;
  /** The service of its records, as long as they have not moved to the service of the file. */
  recordsIn?: string;
  /** Its path for readers: `categorized/<service>/…`. */
  place: string;
  /** How far its lines are stored. */
  position?: FilePosition;
  /** Positions in former contents, which a rotation may have moved to a file that comes with a later sync. */
  former?: FilePosition[];
  /** True where the transfer broke, so that the copy may end in the middle of a line. */
  partial?: boolean;
  /** True for a file without text, which is kept and listed and has no records. */
  binary?: boolean;
  /** True where it was deleted here. It is not copied again as long as it has this size and time at its source. */
  deleted?: boolean;
}

/** Superseded lines after which the journal is rewritten. */
const MAX_SUPERSEDED = 10_000;

/** The catalog of a source's files: in memory, and as a journal of JSON lines of which the last one of a path counts. */
export class FileCatalog {
  readonly #journal: string;
  readonly #files = new Map<string, CatalogFile>();
  readonly #changed = new Set<CatalogFile>();
  #lines = 0;
  /** True where there is no journal yet, or it ends in the middle of a line. */
  #mustRewrite = false;
  #saving: Promise<void> = Promise.resolve();
  #nextSave: Promise<void> | undefined;

  constructor(journal: string) {
    this.#journal = journal;
  }

  /** Loads the journal. A line that a crash or a full disk left unfinished is ignored. */
  async load(): Promise<void> {
    const text = await readFile(this.#journal, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    // A new line must not be appended to an unfinished one.
    this.#mustRewrite = !text.endsWith('\n');
    for (const line of text.split('\n')) {
      if (line === '') continue;
      this.#lines++;
      try {
        const file = JSON.parse(line) as CatalogFile;
        this.#files.set(file.path, file);
      } catch {
        this.#mustRewrite = true;
      }
    }
  }

  get(path: string): CatalogFile | undefined {
    return this.#files.get(path);
  }

  /** The files without the deleted ones. */
  *present(): Generator<CatalogFile> {
    for (const file of this.#files.values()) if (!file.deleted) yield file;
  }

  /** Adds a file, or marks it as changed. */
  put(file: CatalogFile): void {
    this.#files.set(file.path, file);
    this.#changed.add(file);
  }

  /** Writes the changes so far; durable when it resolves. Calls during a write share the next one. */
  save(): Promise<void> {
    this.#nextSave ??= this.#saving.then(() => {
      this.#nextSave = undefined;
      return this.#save();
    });
    this.#saving = this.#nextSave.catch(() => {});
    return this.#nextSave;
  }

  async #save(): Promise<void> {
    if (this.#changed.size === 0) return;
    const rewrite = this.#mustRewrite || this.#lines > this.#files.size + MAX_SUPERSEDED;
    const written = [...this.#changed];
    this.#changed.clear();
    try {
      if (rewrite) await this.#rewrite();
      else await this.#append(written);
    } catch (error) {
      // A part of a line may be written, and no line must be appended to it.
      this.#mustRewrite = true;
      for (const file of written) this.#changed.add(file);
      throw error;
    }
  }

  async #rewrite(): Promise<void> {
    await replaceFile(this.#journal, toLines([...this.#files.values()]));
    this.#lines = this.#files.size;
    this.#mustRewrite = false;
  }

  async #append(files: readonly CatalogFile[]): Promise<void> {
    const handle = await open(this.#journal, 'a');
    try {
      await handle.appendFile(toLines(files));
      await handle.datasync();
      this.#lines += files.length;
    } finally {
      await handle.close();
    }
  }
}

function toLines(files: readonly CatalogFile[]): string {
  return files.map((file) => `${JSON.stringify(file)}\n`).join('');
}
