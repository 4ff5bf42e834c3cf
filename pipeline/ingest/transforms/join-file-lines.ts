import { type ContainerLine, readContainerLine, toDockerLine } from './container-line.ts';
import { LineJoiner } from './join-lines.ts';

/** One event of a file. */
export interface FileEvent {
  /** Its lines, joined by line feeds. That of a container is in the form of docker's file, with the joined text in `log`. */
  readonly text: string;
  /** Number of its first line in the file. */
  readonly firstLine: number;
}

/** A line that was pushed to a joiner: the number of its first part in the file, and the line of a container as it came. */
interface PushedLine {
  readonly number: number;
  readonly container: ContainerLine | undefined;
  readonly raw: string | undefined;
}

/** The lines of one writer: a container's `stdout` or `stderr`, or all lines that are no container's. */
interface Stream {
  readonly joiner: LineJoiner;
  readonly pushed: PushedLine[];
  /** The parts of a line that goes on. */
  part: { readonly number: number; readonly container: ContainerLine; text: string } | undefined;
  /** When the latest line was written, in milliseconds since 1970; NaN where that is not known. */
  writtenAt: number;
}

/** An event ends when its writer has been silent for so long, as in a file that is read while it grows. */
export const QUIET_MS = 1000;

/** A line of more characters becomes several events. */
const MAX_PARTS_CHARACTERS = 1024 * 1024;

/**
 * Joins the lines of a file into events. Lines of containers are opened before: their parts are put together, and each of the two streams
 * has events of its own.
 */
export class FileLineJoiner {
  readonly #streams = new Map<string, Stream>();
  #next = 0;

  /** Adds the next line, without its line feed. Returns the events that it has ended. */
  push(line: string): FileEvent[] {
    const number = this.#next++;
    const container = readContainerLine(line);
    const stream = this.#streamOf(container?.stream ?? '');
    if (!container) return push(stream, { number, container, raw: line }, line);
    const part = stream.part ?? { number, container, text: '' };
    part.text += container.text;
    if (container.partial && part.text.length < MAX_PARTS_CHARACTERS) {
      stream.part = part;
      return [];
    }
    stream.part = undefined;
    const isWhole = part.number === number && line.startsWith('{');
    const pushed = { number: part.number, container: part.container, raw: isWhole ? line : undefined };
    return [...endBefore(stream, container.time), ...push(stream, pushed, part.text)];
  }

  /** Ends all open events, at the end of a file or after a silence. */
  flush(): FileEvent[] {
    return [...this.#streams.values()].flatMap((stream) => {
      const { part } = stream;
      stream.part = undefined;
      const last = part
        ? push(stream, { number: part.number, container: part.container, raw: undefined }, part.text)
        : [];
      return [...last, ...stream.joiner.flush().map((event) => toFileEvent(stream, event))];
    });
  }

  /** Number of the first line that is in no returned event yet; undefined where all lines are returned or blank. */
  get oldestPending(): number | undefined {
    let oldest: number | undefined;
    for (const { joiner, pushed, part } of this.#streams.values()) {
      const open = joiner.oldestPending;
      for (const number of [open === undefined ? undefined : pushed[open]!.number, part?.number]) {
        if (number !== undefined && (oldest === undefined || number < oldest)) oldest = number;
      }
    }
    return oldest;
  }

  #streamOf(name: string): Stream {
    let stream = this.#streams.get(name);
    if (!stream) {
      stream = { joiner: new LineJoiner(), pushed: [], part: undefined, writtenAt: Number.NaN };
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

/** Ends the events that a line of this time is too late to continue. */
function endBefore(stream: Stream, time: string): FileEvent[] {
  const before = stream.writtenAt;
  stream.writtenAt = Date.parse(time);
  if (!(stream.writtenAt - before > QUIET_MS)) return [];
  return stream.joiner.flush().map((event) => toFileEvent(stream, event));
}

function push(stream: Stream, line: PushedLine, text: string): FileEvent[] {
  stream.pushed.push(line);
  return stream.joiner.push(text).map((event) => toFileEvent(stream, event));
}

function toFileEvent(
  { pushed }: Stream,
  {
    text,
    firstLine,
    lines,
  }: { readonly text: string; readonly firstLine: number; readonly lines: readonly number[] },
): FileEvent {
  const { number, container, raw } = pushed[firstLine]!;
  if (!container) return { text, firstLine: number };
  const isLine = lines.length === 1 && raw !== undefined;
  return { text: isLine ? raw : toDockerLine({ ...container, text }), firstLine: number };
}
