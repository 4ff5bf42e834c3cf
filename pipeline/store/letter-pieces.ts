/** Characters of a text, or bytes, of one piece: of a large body only one piece at a time is searched and written. */
const PIECE_LENGTH = 1024 * 1024;
/** How far back from its limit a piece looks for a position to end at. */
const REACH = 64 * 1024;

const END_OF_BLOCK = /-----END [^\n-]*-----/;

/**
 * Cuts the content of a dead letter, which may be as large as a body, into parts. Bytes come as `latin1`.
 * Each part is redacted by itself, so a secret must not be divided between two parts: a part ends at a line break or
 * a blank, and before a PEM block rather than in it.
 */
export function* cutContent(content: string | Buffer): Generator<string> {
  const slice = (from: number, to: number) =>
    typeof content === 'string' ? content.slice(from, to) : content.toString('latin1', from, to);
  for (let at = 0; at < content.length; ) {
    const piece = slice(at, at + PIECE_LENGTH);
    const length = at + piece.length === content.length ? piece.length : endOfPiece(piece);
    yield piece.slice(0, length);
    at += length;
  }
}

function endOfPiece(piece: string): number {
  const reach = piece.length - REACH;
  const block = piece.lastIndexOf('-----BEGIN');
  if (block > reach && !END_OF_BLOCK.test(piece.slice(block))) return block;
  const lineBreak = piece.lastIndexOf('\n');
  if (lineBreak > reach) return lineBreak + 1;
  const blank = piece.lastIndexOf(' ');
  if (blank > reach) return blank + 1;
  // A surrogate pair is not divided.
  return /[\uD800-\uDBFF]$/.test(piece) ? piece.length - 1 : piece.length;
}

/** Writes bytes that come in parts as base64; the texts joined are the base64 of all bytes. */
export function createBase64Writer(): { add(latin1: string): string; end(): string } {
  let rest = Buffer.alloc(0);
  return {
    add(latin1) {
      const bytes = Buffer.concat([rest, Buffer.from(latin1, 'latin1')]);
      const whole = bytes.length - (bytes.length % 3);
      rest = bytes.subarray(whole);
      return bytes.toString('base64', 0, whole);
    },
    end: () => rest.toString('base64'),
  };
}

/** The beginning of a text with at most so many bytes; it ends between two characters. */
export function headOf(text: string, bytes: number): string {
  // A character has at least one byte.
  const start = Buffer.from(text.slice(0, bytes));
  let end = Math.min(bytes, start.length);
  while (end > 0 && end < start.length && (start[end]! & 0xc0) === 0x80) end--;
  return start.toString('utf8', 0, end);
}
