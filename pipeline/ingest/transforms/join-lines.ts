import { type ClassifiedLine, classifyLine, type LineKind } from './classify-line.ts';
import { stripAnsi } from './clean-text.ts';

/** One event of a text file: its lines, joined by line feeds. */
export interface JoinedEvent {
  readonly text: string;
  /** Number of the event's first line; lines are numbered from 0 in the order in which they were pushed. */
  readonly firstLine: number;
  /** Numbers of its lines, in their order. They need not be adjacent where writers interleave. */
  readonly lines: readonly number[];
}

/** An event that further lines may continue. */
interface Pending {
  readonly firstLine: number;
  readonly lines: string[];
  readonly numbers: number[];
  length: number;
  kind: LineKind;
  repeated: string;
  failed: boolean;
  /** Numbers of blank lines, which belong to the event only if a later line continues it. */
  blanks: number[];
}

const MAX_LINES = 500;
const MAX_CHARACTERS = 256 * 1024;
/** Ranks and processes with open stacks at the same time. */
const MAX_WRITERS = 64;
/** A stack ends when its writer has been silent for so many lines of others. */
const MAX_SPAN_LINES = 2000;

/** The last line of a Python stack, or of one link in its chain. */
const EXCEPTION = /^[A-Za-z_][\w.]*(?::(?: .*)?)?$/;
/** Lines below a Python exception that belong to it. */
const PYTHON_TAIL =
  /^(?:CUDA kernel errors|For debugging consider|Compile with|Device-side assertion|Search for `|During handling of|The above exception)/;
const FRAME_TAIL = /^(?:Caused by: |Suppressed: |\.\.\. \d+ (?:more|common)|\}|\]|Node\.js v\d|\^+$|throw )/;
/** A Java exception, which logging frameworks print below the line about the failure. */
const JAVA_EXCEPTION = /^(?:[a-z][\w$]*\.)+[A-Z]\w*(?:Exception|Error)\b/;
const GO_TAIL = /^(?:goroutine \d+ \[|\[signal |created by |exit status \d|[\w./*()[\]{}-]+\(.*\)$)/;

/** Joins the lines of one file into events. A stack that never ends is cut into several events; no line is lost. */
export class LineJoiner {
  readonly #open = new Map<string, Pending>();
  #next = 0;

  /** Adds the next line, without its line feed. Returns the events that it has ended, in the order of their first lines. */
  push(line: string): JoinedEvent[] {
    const number = this.#next++;
    const classified = classifyLine(line);
    const ended: JoinedEvent[] = [];
    const pending = this.#open.get(classified.writer);

    if (pending && continues(pending, classified)) {
      append(pending, classified, line, number);
      if (pending.lines.length >= MAX_LINES || pending.length >= MAX_CHARACTERS)
        this.#end(classified.writer, ended);
    } else if (classified.kind !== 'blank') {
      if (pending) this.#end(classified.writer, ended);
      this.#open.set(classified.writer, start(number, classified, line));
    } else if (pending && !isStack(pending)) {
      this.#end(classified.writer, ended);
    }
    for (const [writer, other] of this.#open) {
      const idle =
        writer !== classified.writer && (!isStack(other) || number - other.firstLine > MAX_SPAN_LINES);
      if (idle || other.kind === 'plain' || other.kind === 'indented') this.#end(writer, ended);
    }
    if (this.#open.size > MAX_WRITERS) this.#end(this.#open.keys().next().value!, ended);
    return ended.sort((a, b) => a.firstLine - b.firstLine);
  }

  /** Ends all open events, at the end of a file or after a silence. */
  flush(): JoinedEvent[] {
    const ended: JoinedEvent[] = [];
    for (const writer of this.#open.keys()) this.#end(writer, ended);
    return ended.sort((a, b) => a.firstLine - b.firstLine);
  }

  /** Ends the open events of which nobody expects more, so that an ordinary line need not wait for the next one. */
  endOrdinary(): JoinedEvent[] {
    const ended: JoinedEvent[] = [];
    for (const [writer, event] of this.#open) if (!expectsMore(event)) this.#end(writer, ended);
    return ended.sort((a, b) => a.firstLine - b.firstLine);
  }

  /** Numbers of the lines that are in no returned event yet, ascending, with the blank ones among them. */
  get open(): readonly number[] {
    const numbers = [...this.#open.values()].flatMap(({ numbers, blanks }) => [...numbers, ...blanks]);
    return numbers.sort((a, b) => a - b);
  }

  /** Number of the first line that is in no returned event yet; undefined where all lines are returned or blank. */
  get oldestPending(): number | undefined {
    let oldest: number | undefined;
    for (const { firstLine } of this.#open.values()) {
      if (oldest === undefined || firstLine < oldest) oldest = firstLine;
    }
    return oldest;
  }

  #end(writer: string, ended: JoinedEvent[]): void {
    const { firstLine, lines, numbers } = this.#open.get(writer)!;
    this.#open.delete(writer);
    ended.push({ text: lines.join('\n'), firstLine, lines: numbers });
  }
}

function start(firstLine: number, { kind, repeated, failed }: ClassifiedLine, line: string): Pending {
  return {
    firstLine,
    lines: [line],
    numbers: [firstLine],
    length: line.length,
    kind,
    repeated,
    failed,
    blanks: [],
  };
}

function append(pending: Pending, { kind }: ClassifiedLine, line: string, number: number): void {
  if (kind === 'blank' && pending.repeated === '') {
    pending.blanks.push(number);
    return;
  }
  for (const blank of pending.blanks) {
    pending.lines.push('');
    pending.numbers.push(blank);
  }
  pending.blanks = [];
  pending.lines.push(line);
  pending.numbers.push(number);
  pending.length += line.length + 1;
  if (kind === 'traceback' || (pending.kind === 'prologue' && kind === 'failure')) pending.kind = kind;
}

/** True where further lines are likely: below a failure, in a stack, in a block, or behind a line that says so by its end. */
function expectsMore(pending: Pending): boolean {
  if (isStack(pending) || pending.failed || pending.lines.length > 1) return true;
  return /[:{[(,\\]$/.test(stripAnsi(pending.lines[0]!).trimEnd());
}

function isStack({ kind }: Pending): boolean {
  return kind === 'traceback' || kind === 'failure' || kind === 'prologue';
}

function continues(pending: Pending, { kind, repeated, body }: ClassifiedLine): boolean {
  if (repeated !== pending.repeated) return false;
  if (repeated !== '') return pending.kind === 'traceback' || kind === 'traceback';
  switch (pending.kind) {
    case 'traceback':
      if (kind === 'blank' || kind === 'indented') return true;
      if (kind === 'opener') return false;
      if (pending.blanks.length > 0) return kind === 'traceback' || PYTHON_TAIL.test(body);
      return PYTHON_TAIL.test(body) || (endsInFrame(pending) && EXCEPTION.test(body));
    case 'failure':
      if (kind === 'indented') return pending.blanks.length === 0 || body.startsWith('\t');
      return kind === 'blank' || FRAME_TAIL.test(body) || GO_TAIL.test(body);
    case 'prologue':
      return kind !== 'opener' && pending.lines.length < 6;
    case 'opener':
      if (kind === 'indented') return true;
      if (pending.lines.length > 1 && FRAME_TAIL.test(body)) return true;
      return pending.failed && (kind === 'traceback' || (kind === 'failure' && JAVA_EXCEPTION.test(body)));
    default:
      return false;
  }
}

/** True while the last line of the stack, the exception, is missing. */
function endsInFrame({ lines }: Pending): boolean {
  const last = classifyLine(lines[lines.length - 1]!).kind;
  return last === 'indented' || last === 'traceback';
}
