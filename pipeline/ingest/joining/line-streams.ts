import type { LogRecord } from '../../record/log-record.ts';
import type { Arrival } from '../sources/source-entry.ts';
import { QUIET_MS } from '../transforms/join-file-lines.ts';
import { type JoinedEvent, LineJoiner } from '../transforms/join-lines.ts';
import type { ShippedLine } from './shipped-line.ts';

/** A line of a stream and the record that it is on its own. */
export interface Line extends ShippedLine {
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

/** A line as its program wrote it, which its container's runtime may have cut into parts. */
interface WholeLine {
  readonly parts: Line[];
  /** When its last part came, in milliseconds since 1970. */
  at: number;
}

interface Stream {
  readonly joiner: LineJoiner;
  /** The lines that are in no ended event, by the joiner's numbers. */
  readonly lines: Map<number, WholeLine>;
  /** A line whose last part is missing. */
  unfinished: WholeLine | undefined;
  /** When the latest line was written, in milliseconds since 1970; NaN where its container does not say so. */
  writtenAt: number;
  next: number;
}

/** Bounds of what waits in all streams; beyond them the streams that have been open for longest end their events. */
const MAX_STREAMS = 10_000;
const MAX_CHARACTERS = 32 * 1024 * 1024;
/** Lines of a stream among which blank ones that belong to no event are looked for. */
const MAX_STRAY = 1_000;
/** Parts of one line; 1 MB where a runtime cuts at 16 KB. */
const MAX_PARTS = 64;

/**
 * Joins the lines of streams into events, over requests too. Streams are kept only while they have an open event: a line that
 * later ones may continue.
 */
export class LineStreams {
  /** The stream that has been open for longest comes first. */
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
    this.#characters += line.entry.length;
    const whole = stream.unfinished ?? { parts: [], at: now };
    whole.parts.push(line);
    whole.at = now;
    stream.unfinished = whole;
    return line.isPart && whole.parts.length < MAX_PARTS ? [] : this.#finish(stream);
  }

  /** Ends the events of a stream that nobody expects to go on, or all of them. */
  end(name: string, which: 'ordinary' | 'all'): LinesOfEvent[] {
    const stream = this.#streams.get(name);
    if (!stream) return [];
    const { joiner } = stream;
    const finished = which === 'all' ? this.#finish(stream) : [];
    const ended = this.#take(stream, which === 'all' ? joiner.flush() : joiner.endOrdinary());
    this.#dropEnded(name, stream);
    return [...finished, ...ended];
  }

  /** The lines of a stream that are in no ended event, in order. */
  openLines(name: string): Line[] {
    const stream = this.#streams.get(name);
    if (!stream) return [];
    const lines = stream.joiner.open.flatMap((number) => stream.lines.get(number)!.parts);
    return [...lines, ...(stream.unfinished?.parts ?? [])];
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
      const isDue = ({ at }: WholeLine) => isTooMany || at < since;
      if (stream.unfinished && isDue(stream.unfinished)) ended.push(...this.#finish(stream));
      for (;;) {
        const due = stream.joiner.openEvents.find((lines) => isDue(stream.lines.get(lines.at(-1)!)!));
        if (!due) break;
        ended.push(...this.#take(stream, stream.joiner.end(due[0]!)));
      }
      this.#dropEnded(name, stream);
    }
    return ended;
  }

  /** Returns events that `expire` returned, because they could not be stored: it returns them again. */
  putBack(events: readonly LinesOfEvent[]): void {
    this.#ended.unshift(...events);
  }

  #open(name: string): Stream {
    const stream: Stream = {
      joiner: new LineJoiner(),
      lines: new Map(),
      unfinished: undefined,
      writtenAt: Number.NaN,
      next: 0,
    };
    this.#streams.set(name, stream);
    return stream;
  }

  /** Gives the line whose parts have come to the joiner. */
  #finish(stream: Stream): LinesOfEvent[] {
    const { unfinished, joiner, lines } = stream;
    if (!unfinished) return [];
    stream.unfinished = undefined;
    const { container } = unfinished.parts[0]!;
    const before = stream.writtenAt;
    stream.writtenAt = container ? Date.parse(container.time) : Number.NaN;
    const silent = stream.writtenAt - before > QUIET_MS ? this.#take(stream, joiner.flush()) : [];
    lines.set(stream.next++, unfinished);
    return [...silent, ...this.#take(stream, joiner.push(textOf(unfinished.parts)))];
  }

  #dropEnded(name: string, stream: Stream): void {
    if (!stream.unfinished && stream.joiner.open.length === 0) this.#drop(name, stream);
  }

  #drop(name: string, { lines, unfinished }: Stream): void {
    for (const line of lines.values()) this.#forget(line);
    if (unfinished) this.#forget(unfinished);
    this.#streams.delete(name);
  }

  #forget({ parts }: WholeLine): void {
    for (const { entry } of parts) this.#characters -= entry.length;
  }

  /** Removes the lines of ended events from the stream. */
  #take({ lines, joiner }: Stream, ended: readonly JoinedEvent[]): LinesOfEvent[] {
    const events = ended.map(
      (event) =>
        (event.lines.length === 1
          ? lines.get(event.lines[0]!)!.parts
          : event.lines.flatMap((number) => lines.get(number)!.parts)) as unknown as LinesOfEvent,
    );
    if (ended.length === 0) return events;
    const remove = (number: number) => {
      this.#forget(lines.get(number)!);
      lines.delete(number);
    };
    for (const event of ended) for (const number of event.lines) remove(number);
    if (lines.size < MAX_STRAY) return events;
    // Blank lines that belong to no event.
    const open = new Set(joiner.open);
    for (const number of lines.keys()) if (!open.has(number)) remove(number);
    return events;
  }
}

/** The text of lines, of which some may be parts of one. */
export function textOf(lines: readonly Line[]): string {
  return lines
    .map(({ text, isPart }) => (isPart ? text : `${text}\n`))
    .join('')
    .replace(/\n$/, '');
}
