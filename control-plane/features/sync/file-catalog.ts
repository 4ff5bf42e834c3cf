import { open, readFile } from 'node:fs/promises';
import type { FilePosition } from '../../../pipeline/ingest/sources/files/file-position.ts';
import { replaceFile } from '../../../pipeline/runtime/replace-file.ts';

/** One file of a source, as it is kept here. */
export interface CatalogFile {
  /** Below the source's folder, with `/` between its parts; also its place in the mirror. */
  readonly path: string;
  /** Bytes of the copy. */
  size: number;
  /** Milliseconds since 1970, of the last change where the file comes from. */
  modified: number;
  service: string;
  /** The service of its records, as long as they have not moved to the file's. */
  recordsIn?: string;
  /** Where it stands for readers: `categorized/<service>/…`. */
  place: string;
  /** How far its lines are stored. */
  position?: FilePosition;
  /** How far contents were read that it has no more: a rotation may have moved them to a file that comes with a later sync. */
  former?: FilePosition[];
  /** The transfer broke before its end, which may be in the middle of a line. */
  partial?: boolean;
  /** Holds no text: it is kept and listed, and gives no records. */
  binary?: boolean;
  /** Somebody deleted it here. It stays away as long as it has this size and time at its source. */
  deleted?: boolean;
}

/** Beyond this many superseded lines the journal is written anew. */
const MAX_SUPERSEDED = 10_000;

/** What is known of a source's files: in memory, and as a journal of JSON lines of which the last one of a path holds. */
export class FileCatalog {
  readonly #journal: string;
  readonly #files = new Map<string, CatalogFile>();
  readonly #changed = new Set<CatalogFile>();
  #lines = 0;
  /** There is none yet, or it ends in the middle of a line. */
  #mustRewrite = false;
  #saving: Promise<void> = Promise.resolve();
  #nextSave: Promise<void> | undefined;

  constructor(journal: string) {
    this.#journal = journal;
  }

  /** Reads the journal. A line that a crash or a full disk left unfinished is passed over. */
  async load(): Promise<void> {
    const text = await readFile(this.#journal, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    // The next line must not stand behind one without its end.
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

  /** Files that are here, without the deleted ones. */
  *present(): Generator<CatalogFile> {
    for (const file of this.#files.values()) if (!file.deleted) yield file;
  }

  /** Adds a file, or notes that it was changed in place. */
  put(file: CatalogFile): void {
    this.#files.set(file.path, file);
    this.#changed.add(file);
  }

  /** Writes what was changed until now; durable when it resolves. Calls while one writes share the next one. */
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
      // Part of a line may be there: the next one must not stand behind it.
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
