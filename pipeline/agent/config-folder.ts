import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, syncFolder } from '../runtime/make-folder.ts';
import { replaceFile } from '../runtime/replace-file.ts';
import type { ConfigFile } from './fluent-bit/render-config.ts';

const HISTORY = '.history';
const HASH = '.hash';
/** The name of the main file that Fluent Bit is started with, whatever the template is called. */
const MAIN = 'fluent-bit.conf';
const MAIN_YAML = 'fluent-bit.yaml';
const MAX_KEPT = 5;

/**
 * The folder that Fluent Bit runs in and reads its files from, with earlier configurations beside. The files keep their paths, because
 * a reload reads `parsers.conf` from the working folder alone: with a link to one folder for each configuration it would
 * read the old one.
 */
export class ConfigFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The path of the main file, which is the same for every configuration of one format. */
  mainPath(files: readonly ConfigFile[]): string {
    return join(this.path, mainName(files));
  }

  /** Keeps a configuration for a later `activate`. */
  async write(hash: string, files: readonly ConfigFile[]): Promise<void> {
    const folder = join(this.path, HISTORY, hash);
    const draft = `${folder}.new`;
    await rm(draft, { recursive: true, force: true });
    await makeFolder(draft);
    for (const [index, { name, content }] of files.entries())
      await replaceFile(join(draft, index === 0 ? mainName(files) : name), content);
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
    await syncFolder(join(this.path, HISTORY));
  }

  /** Puts a kept configuration in force. Each file is replaced atomically, the main one last. */
  async activate(hash: string): Promise<void> {
    const files = await this.#read(join(this.path, HISTORY, hash));
    for (const { name, content } of files.reverse()) await replaceFile(join(this.path, name), content);
    await replaceFile(join(this.path, HASH), hash);
    const names = new Set(files.map(({ name }) => name));
    for (const other of await readdir(this.path)) {
      if (!names.has(other) && !other.startsWith('.')) await rm(join(this.path, other), { recursive: true });
    }
  }

  /** The configuration in force, as an earlier run left it. */
  async current(): Promise<{ hash: string; files: ConfigFile[] } | undefined> {
    try {
      const hash = await readFile(join(this.path, HASH), 'utf8');
      return { hash, files: await this.#read(join(this.path, HISTORY, hash)) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Removes old configurations but for the ones named. */
  async prune(keep: readonly string[]): Promise<void> {
    const history = join(this.path, HISTORY);
    const old = (await readdir(history)).filter((name) => !keep.includes(name));
    for (const name of old.slice(MAX_KEPT)) await rm(join(history, name), { recursive: true });
  }

  /** The files of a folder, the main file first. */
  async #read(folder: string): Promise<ConfigFile[]> {
    const names = (await readdir(folder)).sort((a, b) => Number(isMain(b)) - Number(isMain(a)));
    return Promise.all(
      names.map(async (name) => ({ name, content: await readFile(join(folder, name), 'utf8') })),
    );
  }
}

const isMain = (name: string) => name === MAIN || name === MAIN_YAML;
const mainName = ([main]: readonly ConfigFile[]) => (main?.name.endsWith('.yaml') ? MAIN_YAML : MAIN);
