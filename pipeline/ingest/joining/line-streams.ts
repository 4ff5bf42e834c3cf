import type { LogRecord } from '../../record/log-record.ts';
import type { Arrival } from '../sources/source-entry.ts';
import { type JoinedEvent, LineJoiner } from '../transforms/join-lines.ts';

/** A line of a stream and the record that it is on its own. */
export interface Line {
  readonly text: string;
  readonly stream: string;
  /** The JSON text of its record, without secrets. */
  readonly entry: string;
  readonly record: LogRecord | undefined;
  readonly arrival: Arrival;
  /** The idempotency key of its request. */
  readonly request: string;
  /** Number of its entry in its request, from 0. */
  readonly index: number;
  /** What the piece of its request joins lines with; undefined for a line from before a restart. */
  readonly joiner: object | undefined;
  /** True where it is stored among the open lines. */
  isDurable: boolean;
}

/** The lines of one event, in order. */
export type LinesOfEvent = readonly [Line, ...Line[]];

interface Stream {
  readonly joiner: LineJoiner;
  /** The lines that are in no ended event, by the joiner's numbers. */
  readonly lines: Map<number, { readonly line: Line; readonly at: number }>;
  next: number;
}

/** Bounds of what waits in all streams; beyond them the streams that were read least recently end their events. */
const MAX_STREAMS = 10_000;
const MAX_CHARACTERS = 32 * 1024 * 1024;

/**
 * Joins the lines of streams into events, over requests too. Streams are kept only while they have an open event: a line that
 * later ones may continue.
 */
export class LineStreams {
  /** The least recently used stream first. */
  readonly #streams = new Map<string, Stream>();
  /** Events that ended while nobody took them. */
  #ended: LinesOfEvent[] = [];
  #characters = 0;

  /** Number of streams with open events. */
  get size(): number {
    return this.#streams.size;
  }

  /** Adds the next line of a stream. Returns the events that it has ended. @param now milliseconds since 1970 */
  push(line: Line, now: number): LinesOfEvent[] {
    const stream = this.#streams.get(line.stream) ?? this.#open(line.stream);
    stream.lines.set(stream.next++, { line, at: now });
    this.#characters += line.entry.length;
    return this.#take(stream, stream.joiner.push(line.text));
  }

  /** Ends the events of a stream that nobody expects to go on, or all of them. */
  end(name: string, which: 'ordinary' | 'all'): LinesOfEvent[] {
    const stream = this.#streams.get(name);
    if (!stream) return [];
    const { joiner } = stream;
    const ended = this.#take(stream, which === 'all' ? joiner.flush() : joiner.endOrdinary());
    if (joiner.open.length === 0) this.#drop(name, stream);
    return ended;
  }

  /** The lines of a stream that are in no ended event, in order. */
  openLines(name: string): Line[] {
    const stream = this.#streams.get(name);
    return stream ? stream.joiner.open.map((number) => stream.lines.get(number)!.line) : [];
  }

  /** Puts other lines in place of the open ones of a stream. `expire` returns the events that they make at once. */
  replace(name: string, lines: readonly Line[], now: number): void {
    const stream = this.#streams.get(name);
    if (stream) this.#drop(name, stream);
    for (const line of lines) this.#ended.push(...this.push(line, now));
  }

  /** Ends the events whose last line came before `since`, and the oldest ones where too many are open. */
  expire(since: number): LinesOfEvent[] {
    const ended = this.#ended.splice(0);
    for (const [name, stream] of this.#streams) {
      const isTooMany = this.#streams.size > MAX_STREAMS || this.#characters > MAX_CHARACTERS;
      const isDue = (lines: readonly number[]) => isTooMany || stream.lines.get(lines.at(-1)!)!.at < since;
      for (;;) {
        const due = stream.joiner.openEvents.find(isDue);
        if (!due) break;
        ended.push(...this.#take(stream, stream.joiner.end(due[0]!)));
      }
      if (stream.joiner.open.length === 0) this.#drop(name, stream);
    }
    return ended;
  }

  /** Returns events that `expire` returned, because they could not be stored: it returns them again. */
  putBack(events: readonly LinesOfEvent[]): void {
    this.#ended.unshift(...events);
  }

  #open(name: string): Stream {
    const stream: Stream = { joiner: new LineJoiner(), lines: new Map(), next: 0 };
    this.#streams.set(name, stream);
    return stream;
  }

  #drop(name: string, { lines }: Stream): void {
    for (const { line } of lines.values()) this.#characters -= line.entry.length;
    this.#streams.delete(name);
  }

  /** Removes the lines of ended events from the stream. */
  #take({ lines, joiner }: Stream, ended: readonly JoinedEvent[]): LinesOfEvent[] {
    const events = ended.map(
      (event) => event.lines.map((number) => lines.get(number)!.line) as unknown as LinesOfEvent,
    );
    if (ended.length === 0) return events;
    for (const number of ended.flatMap((event) => event.lines)) {
      this.#characters -= lines.get(number)!.line.entry.length;
      lines.delete(number);
    }
    if (lines.size === 0) return events;
    // Blank lines that belong to no event.
    const open = new Set(joiner.open);
    for (const [number, { line }] of lines) {
      if (open.has(number)) continue;
      this.#characters -= line.entry.length;
      lines.delete(number);
    }
    return events;
  }
}
