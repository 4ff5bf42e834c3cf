import { type FileSpan, hashFileName, hashKey } from '../../store/request-progress.ts';
import type { Generation } from './file-progress.ts';
import type { LineOrder } from './line-order.ts';
import type { Line, LineStreams, LinesOfEvent } from './line-streams.ts';

/** Bytes by which neighbours may be apart: line feeds that were not counted. */
const SLACK = 8;
/** Parts of files of one piece that its rows name. */
const MAX_SPANS = 64;

/** The lines of this piece in one content of a file. */
interface TouchedFile {
  readonly spans: { readonly from: number; to: number }[];
  readonly file: string;
}

/**
 * Joins the lines of one piece of a request. It remembers what it did to the streams, so that all of it can be undone where the records
 * cannot be stored: the sender will send the lines again.
 */
export class SliceJoiner {
  readonly #streams: LineStreams;
  readonly #order: LineOrder;
  readonly #now: number;
  /** The streams of the lines, and whether later requests may continue them. */
  readonly #touched = new Map<string, boolean>();
  readonly #files = new Map<Generation, TouchedFile>();
  /** The last line of each file. */
  readonly #lastOfFile = new Map<string, Line>();
  readonly #joined: Line[] = [];
  #kept: readonly Line[] = [];

  constructor(streams: LineStreams, order: LineOrder, now: number) {
    this.#streams = streams;
    this.#order = order;
    this.#now = now;
  }

  /** The durable lines, and those of other requests, in the events that have ended here. */
  get joined(): readonly Line[] {
    return this.#joined;
  }

  /** The parts of files that the lines of this piece are. */
  get spans(): FileSpan[] {
    const spans = [...this.#files].flatMap(([{ number }, { file, spans }]) =>
      spans.map(({ from, to }): FileSpan => [hashFileName(file), number, from, to]),
    );
    return spans.slice(0, MAX_SPANS);
  }

  /** Adds a line. Returns the events that it has ended. */
  push(line: Line): readonly LinesOfEvent[] {
    const { position } = line;
    const before = position && this.#lastOfFile.get(position.file);
    const ended = this.#order.push(line, before, this.#now);
    if (position) {
      this.#lastOfFile.set(position.file, line);
      this.#noteSpan(line, position.file);
    }
    if (!this.#touched.has(line.stream)) this.#touched.set(line.stream, line.isNamed);
    return this.#note(ended);
  }

  /**
   * Ends the events that nobody expects to go on.
   * @param isLast false where the rest of the request follows, so that every event may go on
   */
  end(isLast: boolean): LinesOfEvent[] {
    if (!isLast) return [];
    return [...this.#touched].flatMap(([stream, isNamed]) =>
      this.#note(this.#streams.end(stream, isNamed ? 'ordinary' : 'all')),
    );
  }

  /** The lines of this piece that wait for the rest of their event, or for lines before them. */
  get waiting(): Line[] {
    const { lines, streams } = this.#order.waiting(this.#files.keys());
    const open = [...new Set([...this.#touched.keys(), ...streams])].flatMap((stream) =>
      this.#streams.openLines(stream),
    );
    return [...open, ...lines].filter((line) => line.joiner === this);
  }

  /** Notes that the waiting lines are durable. */
  keep(lines: readonly Line[]): void {
    for (const line of lines) line.isDurable = true;
    this.#kept = lines;
  }

  /** Takes the lines of this piece out of the streams again. Returns those that are durable already. */
  undo(): readonly Line[] {
    const { lines: held, streams } = this.#order.drop(this.#files.keys());
    const others = held.filter((line) => line.joiner !== this);
    for (const stream of new Set([...this.#touched.keys(), ...streams])) {
      const lines = [
        ...this.#joined.filter((line) => line.stream === stream),
        ...this.#streams.openLines(stream),
      ];
      others.push(...lines.filter((line) => line.joiner !== this));
      this.#streams.drop(stream);
    }
    this.#streams.putBack(this.#order.addAgain(others, this.#now));
    return this.#kept;
  }

  #noteSpan(line: Line, file: string): void {
    const { from, to } = line.position!;
    const touched = this.#files.get(line.generation!);
    if (!touched) {
      this.#files.set(line.generation!, { file, spans: [{ from, to }] });
      return;
    }
    const span = touched.spans.at(-1)!;
    if (Math.abs(from - span.to) <= SLACK) span.to = to;
    else touched.spans.push({ from, to });
  }

  #note(events: readonly LinesOfEvent[]): readonly LinesOfEvent[] {
    for (const event of events)
      for (const line of event) if (line.joiner !== this || line.isDurable) this.#joined.push(line);
    return events;
  }
}

/** The id of a line: 48 bits of its request's idempotency key and its number there. */
export function idOf({ request, index }: Pick<Line, 'request' | 'index'>): number {
  return hashKey(`${request} ${index}`).readUIntBE(0, 6);
}
