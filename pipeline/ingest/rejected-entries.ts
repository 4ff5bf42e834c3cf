import type { NewDeadLetter } from '../store/dead-letter-store.ts';
import type { UnreadableEntry } from './sources/source-entry.ts';

/** Dead letters of one request, and their characters. Without a bound a body of 64 MB could make 32 million of them. */
const MAX_LETTERS = 1_000;
const MAX_LETTERS_CHARACTERS = 4 * 1024 * 1024;
/** Characters that are kept of all further entries together. */
const MAX_REST_CHARACTERS = 256 * 1024;

export interface Rejection extends UnreadableEntry {
  readonly content: string | Buffer;
  /** Number of the piece, from 1, of a text that comes in several. */
  readonly part?: number | undefined;
}

/** The fields that all letters of a request share. */
type Origin = Omit<NewDeadLetter, 'id' | 'line' | 'reason' | 'content'> & { readonly digest: string };

/** Makes dead letters of the entries of one request that could not be read: one for each, and one for all beyond the bounds. */
export class RejectedEntries {
  readonly #of: Origin;
  #letters: NewDeadLetter[] = [];
  #made: number;
  #characters = 0;
  #rest:
    | {
        line: number;
        reason: string;
        entries: number;
        characters: number;
        kept: (string | Buffer)[];
        keptCharacters: number;
        isFull: boolean;
      }
    | undefined;
  #restHasGrown = false;
  #restTaken = 0;

  /** @param before entries of the request that became dead letters in an earlier attempt */
  constructor(of: Origin, before: number) {
    this.#of = of;
    this.#made = Math.min(before, MAX_LETTERS);
  }

  /** True when further entries are only counted and kept in part, so that their reasons are not needed. */
  get isFull(): boolean {
    return this.#made >= MAX_LETTERS || this.#characters >= MAX_LETTERS_CHARACTERS;
  }

  /** Adds an entry; successive pieces of one text become one letter. */
  add(line: number, { reason, content, part = 1 }: Rejection): void {
    if (this.isFull) {
      this.#addToRest(line, reason, content);
      return;
    }
    this.#characters += content.length;
    const last = part > 1 ? this.#letters.pop() : undefined;
    if (last) {
      this.#letters.push({ ...last, content: `${last.content}${content}` });
      return;
    }
    this.#made++;
    this.#letters.push(this.#letter(line, `${line}`, reason, content));
  }

  /** The letters since the last call, and the letter of the rest again where it has grown. */
  take(): NewDeadLetter[] {
    const letters = this.#letters;
    this.#letters = [];
    const rest = this.#rest;
    if (rest && this.#restHasGrown) {
      this.#restHasGrown = false;
      const content = joined(rest.kept);
      const reason =
        `${rest.entries} entries from this one on that cannot be read, in ${rest.characters} characters, of which the first ` +
        `${rest.keptCharacters} are kept: a request has at most ${MAX_LETTERS} dead letters of ${MAX_LETTERS_CHARACTERS} characters ` +
        `together. The first of them: ${rest.reason}`;
      // A later time, so that the letter is shown before the others and replaces its earlier version.
      const receivedAt = this.#of.receivedAt + ++this.#restTaken;
      letters.push({ ...this.#letter(rest.line, `rest-${rest.line}`, reason, content), receivedAt });
    }
    return letters;
  }

  #addToRest(line: number, reason: string, content: string | Buffer): void {
    this.#rest ??= { line, reason, entries: 0, characters: 0, kept: [], keptCharacters: 0, isFull: false };
    this.#restHasGrown = true;
    const rest = this.#rest;
    rest.entries++;
    rest.characters += content.length;
    const room = MAX_REST_CHARACTERS - rest.keptCharacters;
    if (rest.isFull) return;
    rest.isFull = content.length >= room;
    // A part of a protobuf message could not be read.
    if (typeof content !== 'string' && content.length > room) return;
    const kept = content.slice(0, room);
    rest.kept.push(kept);
    rest.keptCharacters += kept.length;
  }

  #letter(line: number, suffix: string, reason: string, content: string | Buffer): NewDeadLetter {
    const { digest, ...of } = this.#of;
    return { id: `${digest}-${suffix}`, ...of, line, reason, content };
  }
}

/**
 * Joins texts by line breaks and bytes without a separator: concatenated OTLP requests in protobuf are one request with the records of
 * all. Bytes stay bytes, because the store redacts them as such.
 */
function joined(contents: readonly (string | Buffer)[]): string | Buffer {
  if (contents.every((content) => typeof content === 'string')) return contents.join('\n');
  return Buffer.concat(contents.map((content) => Buffer.from(content)));
}

/** True of the letter that stands for many entries. */
export function isOfRest({ id }: { readonly id: string }): boolean {
  return /-rest-\d+$/.test(id);
}

/** Bytes that are kept of a body that becomes one dead letter. */
const MAX_BODY_BYTES = 1024 * 1024;

/** The reason and content of the dead letter of a whole body; of a large body the beginning is kept. */
export function rejectBody<Content extends string | Buffer>(
  reason: string,
  body: Buffer,
  keep: (bytes: Buffer) => Content,
): { readonly reason: string; readonly content: Content } {
  const said =
    body.length <= MAX_BODY_BYTES
      ? reason
      : `${reason}; the first ${MAX_BODY_BYTES} of ${body.length} bytes are kept`;
  return { reason: said, content: keep(body.subarray(0, MAX_BODY_BYTES)) };
}
