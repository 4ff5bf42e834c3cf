import { scrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { replaceFile } from '../../pipeline/runtime/replace-file.ts';

const derive = promisify<string, string, number, Buffer>(scrypt);

/**
 * Which of the server's tokens have been used. The file has their hashes, so that senders are known again after a restart; made by scrypt,
 * so that a stolen file is of little use for guessing a weak token.
 */
export class KnownTokens {
  readonly #path: string | undefined;
  readonly #onProblem: (message: string) => void;
  readonly #used = new Set<string>();
  #saved: Promise<void> = Promise.resolve();

  /** @param path undefined: they are known in memory alone */
  constructor(path: string | undefined, onProblem: (message: string) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  /** Reads which of `tokens` were used before. A file that is not there or cannot be read knows none. */
  static async open(
    path: string,
    tokens: readonly string[],
    onProblem: (message: string) => void,
  ): Promise<KnownTokens> {
    const known = new KnownTokens(path, onProblem);
    const hashes = new Set((await readFile(path, 'utf8').catch(() => '')).split('\n'));
    if (hashes.size > 1) {
      for (const token of tokens) if (hashes.has(await hashOf(token))) known.#used.add(token);
    }
    return known;
  }

  has(token: string): boolean {
    return this.#used.has(token);
  }

  /** @param token one of the server's */
  add(token: string): void {
    if (this.#used.has(token)) return;
    this.#used.add(token);
    this.#saved = this.#saved
      .then(() => this.#save())
      .catch((error: unknown) => this.#onProblem(`could not save the list of used tokens: ${error}`));
  }

  /** Resolves when the file has all of them. */
  saved(): Promise<void> {
    return this.#saved;
  }

  async #save(): Promise<void> {
    const path = this.#path;
    if (path === undefined) return;
    const hashes = await Promise.all([...this.#used].map(hashOf));
    await replaceFile(path, `${hashes.join('\n')}\n`, 0o600);
  }
}

async function hashOf(token: string): Promise<string> {
  return (await derive(token, 'logplane used token', 32)).toString('base64');
}
