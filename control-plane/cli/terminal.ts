export const FAILURE = 1;
export const USAGE = 2;

const CODES = { red: 31, yellow: 33, cyan: 36, grey: 90, bold: 1 } as const;

export type Colour = keyof typeof CODES;

/** Colours for a terminal that wants them; plain text in a pipe and with `NO_COLOR`. */
export function paint(text: string, colour: Colour): string {
  return wantsColour() ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
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

/** Writes to stdout at the pace at which it is read. */
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
      if (stderr.isTTY) stderr.write(`\r\u001b[K${text}`);
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

/** Text without control characters, which a log line could use to rewrite the screen. */
export function harmless(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}

/** Columns of equal width; numbers to the right. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = [head, ...rows.map((row) => row.map((cell) => harmless(String(cell))))];
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
