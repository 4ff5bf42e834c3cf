/** A regular file at its source. */
export interface RemoteFile {
  /** Path below the source's folder, with `/` between its parts. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970, in full seconds. */
  readonly modified: number;
  /** True where rsync reports that it differs from its copy. */
  readonly differs: boolean;
}

/** The progress of a transfer. */
export interface TransferProgress {
  /** Files that this run has finished. */
  readonly files: number;
  readonly bytes: number;
}

const CHANGE = /^[<>ch]f(\S+) (\d+) (\d{4})\/(\d\d)\/(\d\d)-(\d\d:\d\d:\d\d) (.+)$/;
const PROGRESS = /^\s*(\d+)\s+\d+%\s+\S+\s+\S+(?:\s+\(xfr#(\d+), )?/;

/** Parses a line of `--out-format=%i %l %M %n`; undefined where it is not about a file to copy. */
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

/** Parses a line of `--info=progress2`. */
export function readProgress(line: string): TransferProgress | undefined {
  const match = PROGRESS.exec(line);
  return match ? { bytes: Number(match[1]), files: Number(match[2] ?? 0) } : undefined;
}

/** rsync prints a line feed in a name as `\#012`. */
function unescapeName(name: string): string {
  return name.replace(/\\#(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
