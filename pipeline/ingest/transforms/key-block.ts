/**
 * The state of a stream (a file, a container, a program) in which the lines of a private key in PEM arrive one by
 * one.
 */
export interface KeyBlock {
  /** How many further records may belong to the key; 0 where no key is open. */
  records: number;
  /** Consecutive lines that cannot belong to a key. */
  others: number;
  /** True where the line before was a full line of the key, so that a short line may be its last. */
  expectsTail: boolean;
}

/** Records of one key: a key of 16,384 bits has 200 lines, a PGP key with many subkeys some hundred. */
export const MAX_KEY_RECORDS = 1_000;
/** Other programs may write lines between those of a key. After so many in a row the key counts as ended. */
const MAX_OTHER_LINES = 8;

/** `-----BEGIN RSA PRIVATE KEY-----`, `---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----` and their ends. */
const MARKER = /-{4,5} ?(BEGIN|END) ([A-Z0-9 ]{0,60})-{4,5}/g;
const PRIVATE_KEY = /PRIVATE KEY(?: BLOCK)? ?$/;
/** Line ends, also as JSON and shells escape them. */
const LINE_END = /(\r?\n|\r|(?<!\\)\\{1,8}[rn])/;
/** Characters around a line: indents, quotes, the signs of a quotation or a list. */
const AROUND = String.raw`[\s"'\x60>|,;\\]`;
const RUN = '[A-Za-z0-9+/]{16,}={0,2}';
const KEY_LINE = new RegExp(`^(${AROUND}*)(${RUN}(?:${AROUND}+${RUN})*)(?![A-Za-z0-9+/=])`);
const LONG_RUN = /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{20,}={0,2}/g;
const KEY_LINE_BEHIND_PREFIX = new RegExp(`(?<![A-Za-z0-9+/=])([A-Za-z0-9+/]{20,}={0,2})${AROUND}*$`);
/** The last line of a key, and the checksum of PGP. */
const TAIL = new RegExp(`(?:^|${AROUND})([A-Za-z0-9+/]{1,15}={0,2}|=[A-Za-z0-9+/]{4})${AROUND}*$`);
const LINE_ENDS = /^\s*(?:\\{1,8}[rn])?$/;
const BLANK = new RegExp(`^${AROUND}*$`);
const HEADER = new RegExp(
  `^${AROUND}*(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|MessageID|Subject|X-[\\w-]+): `,
);

export function closedBlock(): KeyBlock {
  return { records: 0, others: 0, expectsTail: false };
}

/**
 * Replaces the private keys in a text. A key without its END goes on in the next text of the same stream. Lines that are not part of a
 * key stay as they are.
 * @param block the state of the stream, which is changed
 */
export function redactKeys(text: string, block: KeyBlock, replace: (match: string) => string): string {
  const output = new Output(replace);
  /** Position of the open key's BEGIN in this text. */
  let begin: number | undefined;
  let done = 0;
  for (const { 0: marker, 1: kind, 2: label, index } of text.matchAll(MARKER)) {
    const end = index + marker.length;
    if (block.records > 0) {
      const isWhole = kind === 'END' && begin !== undefined;
      if (isWhole) output.redact(text.slice(done, end));
      else redactLines(text.slice(done, index), block, output);
      block.records = 0;
      begin = undefined;
      done = isWhole ? end : index;
    }
    if (kind !== 'BEGIN' || !PRIVATE_KEY.test(label!)) continue;
    output.keep(text.slice(done, index));
    output.redact(marker);
    Object.assign(block, { records: MAX_KEY_RECORDS, others: 0, expectsTail: false });
    begin = index;
    done = end;
  }
  if (block.records > 0) redactLines(text.slice(done), block, output);
  else output.keep(text.slice(done));
  return output.text;
}

function redactLines(text: string, block: KeyBlock, output: Output): void {
  // Every second part is a line end.
  for (const [index, part] of text.split(LINE_END).entries()) {
    if (index % 2 === 1 || block.records === 0 || BLANK.test(part)) output.keep(part);
    else if (HEADER.test(part)) redactRuns(part, output);
    else redactLine(part, block, output);
  }
}

/** Redacts a header of a key, with the key behind it where all is in one line. */
function redactRuns(line: string, output: Output): void {
  let done = 0;
  for (const { 0: run, index } of line.matchAll(LONG_RUN)) {
    if (!isMixed(run) || !/[a-z]/.test(run)) continue;
    output.keep(line.slice(done, index));
    output.redact(run);
    done = index + run.length;
  }
  output.keep(line.slice(done));
}

function redactLine(line: string, block: KeyBlock, output: Output): void {
  const [from, to] = keyIn(line, block.expectsTail);
  if (from === to) {
    output.keep(line);
    block.expectsTail = false;
    if (++block.others > MAX_OTHER_LINES) block.records = 0;
    return;
  }
  output.keep(line.slice(0, from));
  output.redact(line.slice(from, to));
  output.keep(line.slice(to));
  block.others = 0;
  block.expectsTail = to - from > 15;
}

/** The part of a line that belongs to a key; an empty range where none does. */
function keyIn(line: string, expectsTail: boolean): [from: number, to: number] {
  const whole = KEY_LINE.exec(line);
  if (whole && isMixed(whole[2]!)) {
    const from = whole[1]!.length;
    const to = from + whole[2]!.length;
    const tail = tailOf(line.slice(to));
    return [from, tail?.isAlone ? to + tail.to : to];
  }
  const behind = KEY_LINE_BEHIND_PREFIX.exec(line);
  if (behind && isMixed(behind[1]!) && /[a-z]/.test(behind[1]!)) {
    return [behind.index, behind.index + behind[1]!.length];
  }
  const tail = tailOf(line);
  const isTail = tail && (tail.isChecksum ? tail.isAlone : expectsTail && (tail.isAlone || tail.isPadded));
  return isTail ? [tail.from, tail.to] : [0, 0];
}

/** The short piece of base64 at the end of a line. */
function tailOf(line: string) {
  const found = TAIL.exec(line);
  const run = found?.[1];
  if (run === undefined) return undefined;
  const isChecksum = run.startsWith('=');
  if (!isChecksum && run.length % 4 !== 0) return undefined;
  const from = found!.index + found![0].indexOf(run);
  return {
    from,
    to: from + run.length,
    isChecksum,
    isPadded: run.includes('='),
    isAlone: BLANK.test(line.slice(0, from)),
  };
}

/** True of text that is neither a word nor a number nor a hexadecimal hash. */
function isMixed(run: string): boolean {
  return /[A-Z]/.test(run) && /[a-z0-9+/]/.test(run) && !/^[0-9A-F]+$/.test(run);
}

/** The redacted text; consecutive redacted lines become one `[REDACTED]`. */
class Output {
  readonly #replace: (match: string) => string;
  #written = '';
  /** The text behind the last `[REDACTED]`, where it may be dropped. */
  #between: string | undefined;

  constructor(replace: (match: string) => string) {
    this.#replace = replace;
  }

  get text(): string {
    return this.#written + (this.#between ?? '');
  }

  keep(part: string): void {
    if (this.#between === undefined) this.#written += part;
    else if (LINE_ENDS.test(part)) this.#between += part;
    else {
      this.#written += this.#between + part;
      this.#between = undefined;
    }
  }

  redact(part: string): void {
    const instead = this.#replace(part);
    if (this.#between === undefined) this.#written += instead;
    this.#between = '';
  }
}
