import type { LogRecord } from '../../record/log-record.ts';
import type { Arrival } from '../sources/source-entry.ts';
import { classifyLine } from '../transforms/classify-line.ts';
import { isOrdinary, mayContinueOrdinary } from '../transforms/event-grammar.ts';
import { QUIET_MS } from '../transforms/join-file-lines.ts';
import { type JoinedEvent, LineJoiner } from '../transforms/join-lines.ts';
import { type Generation, mayGoOn } from './file-progress.ts';
import type { ShippedLine } from './shipped-line.ts';

/** A line of a stream and the record that it is on its own. */
export interface Line extends Omit<ShippedLine, 'stream'> {
  /** The stream in which it is joined: that of its file, or a part of it while bytes before it are missing. */
  stream: string;
  readonly fileStream: string;
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
  /** The content of its file that it is part of; undefined where it has no offset. */
  generation: Generation | undefined;
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
  /** An ordinary line, which only an indented one can continue. The joiner gets it when that comes: most lines never need it. */
  lone: WholeLine | undefined;
  /** The rank or process that wrote it. */
  loneWriter: string;
  /** A line whose last part is missing. */
  unfinished: WholeLine | undefined;
  /** When the latest line was written, in milliseconds since 1970; NaN where its container does not say so. */
  writtenAt: number;
  next: number;
  last: Line | undefined;
}

/** Bounds of what waits in all streams; beyond them the streams that have been open for longest end their events. */
const MAX_STREAMS = 10_000;
const MAX_CHARACTERS = 32 * 1024 * 1024;
/** Lines of a stream among which blank ones that belong to no event are looked for. */
const MAX_STRAY = 1_000;
/** Parts of one line; 1 MB where a runtime cuts at 16 KB. */
const MAX_PARTS = 64;
/** Streams of which it is remembered what stood at their end, or below their ordinary lines. */
const MAX_REMEMBERED = 10_000;
/** How often an ordinary line of such a stream waits in vain before none waits any more. */
const MAX_VAIN_WAITS = 20;
/** How long lines wait for a part of their file before them: senders try again every 30 seconds what was refused. */
export const MAX_ORDER_WAIT_MS = 45_000;
/** How much longer a stack waits whose end is missing: its shipper may be starting again. */
const MAX_INCOMPLETE_WAIT_MS = 10_000;
const NONE: LinesOfEvent[] = [];

/**
 * Joins the lines of streams into events, over requests too. Streams are kept only while they have an open event: a line that
 * later ones may continue.
 */
export class LineStreams {
  /** The stream that has been open for longest comes first. */
  readonly #streams = new Map<string, Stream>();
  /** Events that ended while nobody took them. */
  #ended: LinesOfEvent[] = [];
  /** How often an ordinary line of a stream may yet wait for an indented one in the next request, because such lines have come. */
  readonly #indenting = new Map<string, number>();
  /** The streams whose ordinary line was ended by the end of a request alone. */
  readonly #cut = new Set<string>();
  #characters = 0;

  /** Number of streams with open events. */
  get size(): number {
    return this.#streams.size;
  }

  /** Adds the next line of a stream. Returns the events that it has ended. @param now milliseconds since 1970 */
  push(line: Line, now: number): LinesOfEvent[] {
    const found = this.#streams.get(line.stream);
    if (!line.isPart && !line.container && !(found && isBusy(found))) return this.#pushIdle(line, found, now);
    const stream = found ?? this.#open(line.stream);
    stream.last = line;
    this.#characters += line.entry.length;
    const whole = stream.unfinished ?? { parts: [], at: now };
    whole.parts.push(line);
    whole.at = now;
    stream.unfinished = whole;
    return line.isPart && whole.parts.length < MAX_PARTS ? NONE : this.#finish(stream);
  }

  /** Adds a line to a stream without open events but for an ordinary line. */
  #pushIdle(line: Line, found: Stream | undefined, now: number): LinesOfEvent[] {
    const classified = classifyLine(line.text);
    const { opens, bare, writer } = classified;
    const lone = found?.lone;
    const isText = opens === 'plain' || opens === 'blank';
    const wasCut = !lone && this.#cut.size > 0 && this.#cut.delete(line.stream);
    if (mayContinueOrdinary(classified)) {
      if (lone || wasCut) this.#noteIndented(line.stream);
      if (lone) return this.#joinBoth(found, line, now);
    }
    // The text of one writer does not end what another one has begun.
    if (lone && isText && writer !== found.loneWriter) return this.#joinBoth(found, line, now);
    const before = lone ? [this.#endLone(found, lone)] : NONE;
    if (isText) {
      if (found) this.#drop(line.stream, found);
      return opens === 'plain' || bare ? [...before, [line]] : before;
    }
    const stream = found ?? this.#open(line.stream);
    stream.last = line;
    const whole = { parts: [line], at: now };
    this.#characters += line.entry.length;
    if (!isOrdinary(classified)) return [...before, ...this.#join(stream, whole)];
    stream.lone = whole;
    stream.loneWriter = writer;
    return before;
  }

  /** Gives an ordinary line and the one behind it to the joiner. */
  #joinBoth(stream: Stream, line: Line, now: number): LinesOfEvent[] {
    this.#characters += line.entry.length;
    return [...this.#joinLone(stream), ...this.#join(stream, { parts: [line], at: now })];
  }

  /** Ends the events of a stream that nobody expects to go on, or all of them. */
  end(name: string, which: 'ordinary' | 'all'): LinesOfEvent[] {
    const stream = this.#streams.get(name);
    if (!stream) return NONE;
    const ended: LinesOfEvent[] = [];
    if (which === 'all') ended.push(...this.#joinLone(stream), ...this.#finish(stream));
    if (which === 'all') ended.push(...this.#take(stream, stream.joiner.flush()));
    else if (!this.#isIndenting(name)) {
      if (stream.lone) ended.push(this.#endLone(stream, stream.lone));
      else ended.push(...this.#take(stream, stream.joiner.endOrdinary()));
      if (ended.length > 0) this.#noteCut(name);
    }
    this.#dropEnded(name, stream);
    return ended;
  }

  #noteIndented(name: string): void {
    this.#indenting.delete(name);
    this.#indenting.set(name, MAX_VAIN_WAITS);
    if (this.#indenting.size > MAX_REMEMBERED) this.#indenting.delete(this.#indenting.keys().next().value!);
  }

  #noteCut(name: string): void {
    this.#cut.add(name);
    if (this.#cut.size > MAX_REMEMBERED) this.#cut.delete(this.#cut.keys().next().value!);
  }

  /** True where an indented line may follow in the next request; it is asked once for each ordinary line at the end of one. */
  #isIndenting(name: string): boolean {
    const waits = this.#indenting.get(name);
    if (waits === undefined) return false;
    if (waits > 1) this.#indenting.set(name, waits - 1);
    else this.#indenting.delete(name);
    return true;
  }

  /** The lines of a stream that are in no ended event, in order. */
  openLines(name: string): Line[] {
    const stream = this.#streams.get(name);
    if (!stream) return [];
    const lines = stream.joiner.open.flatMap((number) => stream.lines.get(number)!.parts);
    return [...(stream.lone?.parts ?? []), ...lines, ...(stream.unfinished?.parts ?? [])];
  }

  /** Forgets the open lines of a stream. */
  drop(name: string): void {
    const stream = this.#streams.get(name);
    if (stream) this.#drop(name, stream);
  }

  /** Ends the events whose last line came before `since`, and the oldest ones where too many are open. */
  expire(since: number): LinesOfEvent[] {
    const ended = this.#ended.splice(0);
    for (const [name, stream] of this.#streams) {
      const isTooMany = this.#streams.size > MAX_STREAMS || this.#characters > MAX_CHARACTERS;
      // What it waits for is in a part of its file that will come again.
      const isCut =
        stream.last?.generation !== undefined && mayGoOn(stream.last.generation, stream.last.position!);
      const dueBefore = isCut ? since - MAX_ORDER_WAIT_MS : since;
      const isDue = ({ at }: WholeLine, before = dueBefore) => isTooMany || at < before;
      if (stream.lone && isDue(stream.lone)) ended.push(this.#endLone(stream, stream.lone));
      if (stream.unfinished && isDue(stream.unfinished)) ended.push(...this.#finish(stream));
      for (;;) {
        const due = stream.joiner.openEvents.find(({ numbers, isIncomplete }) =>
          isDue(
            stream.lines.get(numbers.at(-1)!)!,
            isIncomplete ? dueBefore - MAX_INCOMPLETE_WAIT_MS : dueBefore,
          ),
        );
        if (!due) break;
        ended.push(...this.#take(stream, stream.joiner.end(due.numbers[0]!)));
      }
      this.#dropEnded(name, stream);
    }
    return ended;
  }

  /** Takes events that nobody could store: `expire` returns them. */
  putBack(events: readonly LinesOfEvent[]): void {
    this.#ended.unshift(...events);
  }

  #open(name: string): Stream {
    const stream: Stream = {
      joiner: new LineJoiner(),
      lines: new Map(),
      lone: undefined,
      loneWriter: '',
      unfinished: undefined,
      writtenAt: Number.NaN,
      next: 0,
      last: undefined,
    };
    this.#streams.set(name, stream);
    return stream;
  }

  /** Gives the line whose parts have come to the joiner. */
  #finish(stream: Stream): LinesOfEvent[] {
    const { unfinished, joiner } = stream;
    if (!unfinished) return NONE;
    stream.unfinished = undefined;
    const { container } = unfinished.parts[0]!;
    const before = stream.writtenAt;
    stream.writtenAt = container ? Date.parse(container.time) : Number.NaN;
    const lone = this.#joinLone(stream);
    const silent = stream.writtenAt - before > QUIET_MS ? this.#take(stream, joiner.flush()) : NONE;
    return [...lone, ...silent, ...this.#join(stream, unfinished)];
  }

  /** Gives the ordinary line to the joiner. */
  #joinLone(stream: Stream): LinesOfEvent[] {
    const { lone } = stream;
    stream.lone = undefined;
    return lone ? this.#join(stream, lone) : NONE;
  }

  #join(stream: Stream, line: WholeLine): LinesOfEvent[] {
    stream.lines.set(stream.next++, line);
    return this.#take(stream, stream.joiner.push(textOf(line.parts)));
  }

  #endLone(stream: Stream, lone: WholeLine): LinesOfEvent {
    stream.lone = undefined;
    this.#forget(lone);
    return lone.parts as unknown as LinesOfEvent;
  }

  #dropEnded(name: string, stream: Stream): void {
    if (!stream.lone && !isBusy(stream)) this.#drop(name, stream);
  }

  #drop(name: string, { lines, lone, unfinished }: Stream): void {
    for (const line of lines.values()) this.#forget(line);
    if (lone) this.#forget(lone);
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

/** True where the joiner of a stream, or a line in parts, decides what a further line is. */
function isBusy({ joiner, unfinished }: Stream): boolean {
  return unfinished !== undefined || joiner.isOpen;
}

/** The text of lines, of which some may be parts of one; blank ones are empty, as the joiner makes them. */
export function textOf(lines: readonly Line[]): string {
  if (lines.length === 1) return lines[0]!.text;
  return lines
    .map(({ text, isPart }) => (isPart ? text : `${text.trim() === '' ? '' : text}\n`))
    .join('')
    .replace(/\n$/, '');
}
