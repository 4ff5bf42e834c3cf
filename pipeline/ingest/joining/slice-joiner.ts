import { hashKey } from '../../store/request-progress.ts';
import type { Line, LineStreams, LinesOfEvent } from './line-streams.ts';

/**
 * Joins the lines of one piece of a request. It remembers what it did to the streams, so that all of it can be undone where the records
 * cannot be stored: the sender will send the lines again.
 */
export class SliceJoiner {
  readonly #streams: LineStreams;
  readonly #now: number;
  /** The streams of the lines, and whether later requests may continue them. */
  readonly #touched = new Map<string, boolean>();
  readonly #joined: Line[] = [];
  #kept: readonly Line[] = [];

  constructor(streams: LineStreams, now: number) {
    this.#streams = streams;
    this.#now = now;
  }

  /** The durable lines, and those of other requests, in the events that have ended here. */
  get joined(): readonly Line[] {
    return this.#joined;
  }

  /** Adds a line. Returns the events that it has ended. */
  push(line: Line): LinesOfEvent[] {
    if (!this.#touched.has(line.stream)) this.#touched.set(line.stream, line.isNamed);
    return this.#note(this.#streams.push(line, this.#now));
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

  /** The lines of this piece that wait for the rest of their event. */
  get waiting(): Line[] {
    return [...this.#touched.keys()].flatMap((stream) =>
      this.#streams.openLines(stream).filter((line) => line.joiner === this),
    );
  }

  /** Notes that the waiting lines are durable. */
  keep(lines: readonly Line[]): void {
    for (const line of lines) line.isDurable = true;
    this.#kept = lines;
  }

  /** Takes the lines of this piece out of the streams again. Returns those that are durable already. */
  undo(): readonly Line[] {
    for (const stream of this.#touched.keys()) {
      const lines = [
        ...this.#joined.filter((line) => line.stream === stream),
        ...this.#streams.openLines(stream),
      ];
      this.#streams.replace(
        stream,
        lines.filter((line) => line.joiner !== this),
        this.#now,
      );
    }
    return this.#kept;
  }

  #note(events: LinesOfEvent[]): LinesOfEvent[] {
    for (const event of events)
      for (const line of event) if (line.joiner !== this || line.isDurable) this.#joined.push(line);
    return events;
  }
}

/** The id of a line: 48 bits of its request's idempotency key and its number there. */
export function idOf({ request, index }: Pick<Line, 'request' | 'index'>): number {
  return hashKey(`${request} ${index}`).readUIntBE(0, 6);
}
