const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const NEWLINE = 0x0a;

/** Bytes after which a walk is interrupted: a tenth of a millisecond. */
export const PIECE_BYTES = 64 * 1024;

/** Kinds of bytes outside of strings. */
const ORDINARY = 0;
const OPENS = 1;
const CLOSES = 2;
const QUOTES = 4;
const KINDS = new Uint8Array(256);
for (const byte of Buffer.from('{[')) KINDS[byte] = OPENS;
for (const byte of Buffer.from('}]')) KINDS[byte] = CLOSES;
KINDS[COMMA] = 3;
KINDS[QUOTE] = QUOTES;

/** True of JSON's four blanks; other control characters are content. */
export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * Walks through JSON by its brackets, commas and strings alone, without reading a value. A step is bounded, whatever the bytes
 * are, so that the caller can yield to the event loop between two steps.
 */
export class JsonCursor {
  readonly bytes: Buffer;
  at: number;
  #depth = 0;
  #inString = false;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** The byte at the cursor; NaN at the end. */
  get byte(): number {
    return this.bytes[this.at] ?? Number.NaN;
  }

  /** Skips blanks; true when something else, or the end, is reached. */
  skipBlanks(): boolean {
    const { bytes } = this;
    const stop = Math.min(this.at + PIECE_BYTES, bytes.length);
    let at = this.at;
    while (at < stop && isBlank(bytes[at]!)) at++;
    this.at = at;
    return at < stop || at === bytes.length;
  }

  /**
   * Skips a value, up to the comma or bracket behind it; a broken value reaches to the end of the bytes. True when the cursor is
   * there.
   */
  skipValue(): boolean {
    const { bytes } = this;
    const stop = Math.min(this.at + PIECE_BYTES, bytes.length);
    let depth = this.#depth;
    let inString = this.#inString;
    let at = this.at;
    while (at < stop) {
      const byte = bytes[at]!;
      if (inString) {
        at += byte === BACKSLASH ? 2 : 1;
        if (byte === QUOTE) inString = false;
        continue;
      }
      const kind = KINDS[byte]!;
      if (kind !== ORDINARY) {
        if (kind === QUOTES) inString = true;
        else if (kind === OPENS) depth++;
        else if (depth === 0) {
          this.#end(at);
          return true;
        } else if (kind === CLOSES) depth--;
      }
      at++;
    }
    if (at >= bytes.length) {
      this.#end(bytes.length);
      return true;
    }
    this.at = at;
    this.#depth = depth;
    this.#inString = inString;
    return false;
  }

  /**
   * Skips an object up to behind its last bracket. `more`: not there yet, call again; `broken`: it does not end, or a string of it has a line
   * break.
   */
  skipObject(): 'closed' | 'broken' | 'more' {
    const { bytes } = this;
    const stop = Math.min(this.at + PIECE_BYTES, bytes.length);
    let depth = this.#depth;
    let inString = this.#inString;
    let at = this.at;
    for (; at < stop; at++) {
      const byte = bytes[at]!;
      if (inString) {
        if (byte === BACKSLASH) at++;
        else if (byte === QUOTE) inString = false;
        // No string of JSON has a line break.
        else if (byte === NEWLINE) {
          this.#end(at);
          return 'broken';
        }
        continue;
      }
      const kind = KINDS[byte]!;
      if (kind === QUOTES) inString = true;
      else if (kind === OPENS) depth++;
      else if (kind === CLOSES && --depth <= 0) {
        this.#end(at + 1);
        return 'closed';
      }
    }
    if (at >= bytes.length) {
      this.#end(bytes.length);
      return 'broken';
    }
    this.at = at;
    this.#depth = depth;
    this.#inString = inString;
    return 'more';
  }

  #end(at: number): void {
    this.at = at;
    this.#depth = 0;
    this.#inString = false;
  }
}

/** Open brackets whose kind is remembered; deeper ones are only counted. */
const REMEMBERED_DEPTH = 1_000;
const SPACE = 0x20;

/**
 * Checks whether the bytes from `start` on are one JSON object and blanks, as far as brackets, commas and strings show it: no string has a
 * line break, no object begins where a name is expected. Yields undefined between bounded steps.
 */
export function* isOneObject(bytes: Buffer, start: number): Generator<undefined, boolean> {
  const open: number[] = [];
  let depth = 0;
  let inString = false;
  let before = 0x3a;
  for (let at = start; at < bytes.length; at++) {
    if ((at - start + 1) % PIECE_BYTES === 0) yield undefined;
    const byte = bytes[at]!;
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
      else if (byte < SPACE) return false;
      continue;
    }
    if (isBlank(byte)) continue;
    if (depth === 0 && at > start) return false;
    if (byte === QUOTE) inString = true;
    else if (KINDS[byte] === OPENS) {
      const isDue = before === 0x3a || before === 0x5b || (before === COMMA && open.at(-1) !== 0x7b);
      if (!isDue) return false;
      if (++depth <= REMEMBERED_DEPTH) open.push(byte);
    } else if (KINDS[byte] === CLOSES && depth-- <= REMEMBERED_DEPTH) {
      // The code of a closing bracket is two higher than that of its opening one.
      if (open.pop() !== byte - 2) return false;
    }
    before = byte;
  }
  return depth === 0;
}
