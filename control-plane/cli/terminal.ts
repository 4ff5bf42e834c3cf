import { harmless, harmlessJson, harmlessLine } from '../../pipeline/record/special-characters.ts';

export const FAILURE = 1;
export const USAGE = 2;

const CODES = { red: 31, yellow: 33, cyan: 36, grey: 90, bold: 1 } as const;

export type Colour = keyof typeof CODES;

/** Harmless text, in colour on a terminal that wants it; without in a pipe and with `NO_COLOR`. */
export function paint(text: string, colour: Colour): string {
  const shown = harmless(text);
  return wantsColour() ? `\u001b[${CODES[colour]}m${shown}\u001b[0m` : shown;
}

function wantsColour(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0') return true;
  return process.stdout.isTTY === true && TERM !== 'dumb';
}

/** `logplane search … | head` closes the pipe early; that is no failure. */
export function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
}

/** A JSON value on a line of its own. */
export function printJson(value: unknown): Promise<void> {
  return print(`${harmlessJson(JSON.stringify(value))}\n`);
}

/** A line for people on stderr, where no program reads it. */
export function report(message: string, colour?: Colour): void {
  console.error(colour ? paint(message, colour) : harmless(message));
}

/** Writes to stdout at the pace at which it is read. Records and names must be harmless by then. */
export function print(text: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(text)) resolve();
    else process.stdout.once('drain', resolve);
  });
}

/** One line that is written over as work goes on, on stderr and only on a terminal. */
export function createProgress() {
  const { stderr } = process;
  return {
    show(text: string): void {
      if (stderr.isTTY) stderr.write(`\r\u001b[K${harmlessLine(text)}`);
    },
    clear(): void {
      if (stderr.isTTY) stderr.write('\r\u001b[K');
    },
  };
}

/** `[#####-----] 50 %`, of `width` characters between the brackets. */
export function progressBar(share: number, width = 24): string {
  const filled = Math.round(Math.min(Math.max(share, 0), 1) * width);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${Math.round(share * 100)} %`;
}

/** Columns of equal width; numbers to the right. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = [head, ...rows.map((row) => row.map((cell) => harmlessLine(String(cell))))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row, line) => {
      const text = row
        .map((cell, column) =>
          typeof rows[0]?.[column] === 'number'
            ? cell.padStart(widths[column]!)
            : cell.padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd();
      return `${line === 0 ? paint(text, 'bold') : text}\n`;
    })
    .join('');
}
