import { type ClassifiedLine, classifyLine } from './classify-line.ts';
import {
  continueEvent,
  expectsMore,
  isIncomplete,
  isStack,
  NO_BLANKS,
  type OpenEvent,
  openEvent,
} from './event-grammar.ts';

/** One event of a text file: its lines, joined by line feeds. */
export interface JoinedEvent {
  readonly text: string;
  /** Number of the event's first line; lines are numbered from 0 in the order in which they were pushed. */
  readonly firstLine: number;
  /** Numbers of its lines, in their order. They need not be adjacent where writers interleave. */
  readonly lines: readonly number[];
}

const MAX_LINES = 500;
const MAX_CHARACTERS = 256 * 1024;
/** Ranks and processes with open events at the same time. */
const MAX_WRITERS = 64;
/** A stack ends when its writer has been silent for so many lines of others; an event below which a stack may follow, sooner. */
const MAX_SPAN_LINES = 2000;
const MAX_RECORD_SPAN_LINES = 32;

/**
 * Joins the lines of one file into events. What may continue an event stands in `event-grammar.ts`. An event that never ends is cut
 * into several; no line is lost. Lines of different writers are never joined.
 */
export class LineJoiner {
  readonly #open = new Map<string, OpenEvent>();
  #next = 0;

  /** Adds the next line, without its line feed. Returns the events that it has ended, in the order of their first lines. */
  push(line: string): JoinedEvent[] {
    const ended: JoinedEvent[] = [];
    const number = this.#next++;
    const writer = this.#add(line, number, ended);
    this.#endSilent(writer, number, ended);
    return inOrder(ended);
  }

  /** Ends all open events, at the end of a file or after a silence. */
  flush(): JoinedEvent[] {
    const ended: JoinedEvent[] = [];
    for (let writer = this.#oldest; writer !== undefined; writer = this.#oldest) this.#end(writer, ended);
    return inOrder(ended);
  }

  /** Ends the open events of which nobody expects more, so that an ordinary line need not wait for the next one. */
  endOrdinary(): JoinedEvent[] {
    const ended: JoinedEvent[] = [];
    for (const [writer, event] of [...this.#open]) if (!expectsMore(event)) this.#end(writer, ended);
    return inOrder(ended);
  }

  /** True while there are open events. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Numbers of the lines that are in no returned event yet, ascending, with the blank ones among them. */
  get open(): readonly number[] {
    const numbers = [...this.#open.values()].flatMap((event) => [
      ...event.numbers,
      ...event.blanks.map(({ number }) => number),
    ]);
    return numbers.sort((a, b) => a - b);
  }

  /** The numbers of the lines of each open event, and whether its end is certainly missing. */
  get openEvents(): { readonly numbers: readonly number[]; readonly isIncomplete: boolean }[] {
    return [...this.#open.values()].map((event) => ({
      numbers: event.numbers,
      isIncomplete: isIncomplete(event),
    }));
  }

  /** Ends the open event that begins with a line. Its last lines may open another one. */
  end(first: number): JoinedEvent[] {
    const ended: JoinedEvent[] = [];
    for (const [writer, { numbers }] of [...this.#open]) if (numbers[0] === first) this.#end(writer, ended);
    return inOrder(ended);
  }

  /** Number of the first line that is in no returned event yet; undefined where all lines are returned or blank. */
  get oldestPending(): number | undefined {
    let oldest: number | undefined;
    for (const { numbers } of this.#open.values()) {
      if (oldest === undefined || numbers[0]! < oldest) oldest = numbers[0];
    }
    return oldest;
  }

  get #oldest(): string | undefined {
    return this.#open.keys().next().value;
  }

  /** Takes a line and returns its writer. */
  #add(line: string, number: number, ended: JoinedEvent[]): string {
    const classified = classifyLine(line);
    const { writer, opens } = classified;
    let event = this.#open.get(writer);
    while (event && !this.#append(event, classified, line, number)) {
      this.#end(writer, ended);
      // Lines of a block that did not come to its end may have opened another event.
      event = this.#open.get(writer);
    }
    if (event) {
      if (
        event.complete ||
        event.lines.length + event.blanks.length >= MAX_LINES ||
        event.length >= MAX_CHARACTERS
      )
        this.#end(writer, ended);
    } else if (opens === 'plain' || classified.bare) {
      ended.push({ text: line, firstLine: number, lines: [number] });
    } else if (opens !== 'blank') {
      this.#open.set(writer, openEvent(number, classified, line));
    }
    return writer;
  }

  /** Appends the line to the event if it continues it. */
  #append(event: OpenEvent, classified: ClassifiedLine, line: string, number: number): boolean {
    const step = continueEvent(event, classified);
    if (!step) return false;
    if (step === 'blank') {
      if (event.blanks === NO_BLANKS) event.blanks = [];
      event.blanks.push({ number, text: line.trim() === '' ? '' : line });
      return true;
    }
    for (const blank of event.blanks) {
      event.lines.push(blank.text);
      event.numbers.push(blank.number);
    }
    event.blanks = NO_BLANKS;
    event.lines.push(line);
    event.numbers.push(number);
    event.length += line.length + 1;
    if (step !== 'maybe') event.firm = event.lines.length;
    return true;
  }

  /** Ends events of other writers that have been silent for long. */
  #endSilent(writer: string, number: number, ended: JoinedEvent[]): void {
    for (const [other, event] of this.#open.size > 1 ? [...this.#open] : []) {
      if (other === writer) continue;
      const span = isStack(event) ? MAX_SPAN_LINES : expectsMore(event) ? MAX_RECORD_SPAN_LINES : 0;
      if (number - event.numbers.at(-1)! > span) this.#end(other, ended);
    }
    if (this.#open.size > MAX_WRITERS) this.#end(this.#oldest!, ended);
  }

  /** Ends a writer's event. Lines of which it was not certain that they belong to it are read anew, as lines of their own. */
  #end(writer: string, ended: JoinedEvent[]): void {
    const { lines, numbers, firm, complete } = this.#open.get(writer)!;
    this.#open.delete(writer);
    if (lines.length === 1) {
      ended.push({ text: lines[0]!, firstLine: numbers[0]!, lines: numbers });
      return;
    }
    const own = Math.max(firm, 1);
    ended.push({
      text: lines.slice(0, own).join('\n'),
      firstLine: numbers[0]!,
      lines: numbers.slice(0, own),
    });
    for (let at = own; at < lines.length; at++) {
      // The rule below decoration opens no other frame.
      if (!complete) this.#add(lines[at]!, numbers[at]!, ended);
      else if (lines[at] !== '')
        ended.push({ text: lines[at]!, firstLine: numbers[at]!, lines: [numbers[at]!] });
    }
  }
}

function inOrder(events: JoinedEvent[]): JoinedEvent[] {
  return events.length > 1 ? events.sort((a, b) => a.firstLine - b.firstLine) : events;
}
