/** A regular file as its source has it. */
export interface RemoteFile {
  /** Below the source's folder, with `/` between its parts. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970, whole seconds. */
  readonly modified: number;
  /** From its copy here, as rsync tells. */
  readonly differs: boolean;
}

/** How far a transfer is. */
export interface TransferProgress {
  /** Files that are done, of this run. */
  readonly files: number;
  readonly bytes: number;
}

const CHANGE = /^[<>ch]f(\S+) (\d+) (\d{4})\/(\d\d)\/(\d\d)-(\d\d:\d\d:\d\d) (.+)$/;
const PROGRESS = /^\s*(\d+)\s+\d+%\s+\S+\s+\S+(?:\s+\(xfr#(\d+), )?/;

/** Reads a line of `--out-format=%i %l %M %n`; undefined where it does not tell of a file to copy. */
export function readChange(line: string): RemoteFile | undefined {
  const match = CHANGE.exec(line);
  if (!match) return undefined;
  const [, changes, size, year, month, day, time, name] = match;
  return {
    path: unescapeName(name!),
    size: Number(size),
    modified: Date.parse(`${year}-${month}-${day}T${time}Z`),
    differs: !/^\.+$/.test(changes!),
  };
}

/** Reads a line of `--info=progress2`. */
export function readProgress(line: string): TransferProgress | undefined {
  const match = PROGRESS.exec(line);
  return match ? { bytes: Number(match[1]), files: Number(match[2] ?? 0) } : undefined;
}

/** rsync prints a line feed in a name as `\#012`. */
function unescapeName(name: string): string {
  return name.replace(/\\#(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
