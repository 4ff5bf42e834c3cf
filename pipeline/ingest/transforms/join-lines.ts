import { type ClassifiedLine, classifyLine, type LineKind } from './classify-line.ts';

/** One event of a text file: its lines, joined by line feeds. */
export interface JoinedEvent {
  readonly text: string;
  /** Number of the event's first line; lines are numbered from 0 in the order in which they were pushed. */
  readonly firstLine: number;
  /** Number of its lines, which need not be adjacent where writers interleave. */
  readonly lines: number;
}

/** An event that further lines may continue. */
interface Pending {
  readonly firstLine: number;
  readonly lines: string[];
  length: number;
  kind: LineKind;
  repeated: string;
  failed: boolean;
  /** Blank lines, which belong to the event only if a later line continues it. */
  blanks: number;
}

const MAX_LINES = 500;
const MAX_CHARACTERS = 256 * 1024;
/** Ranks and processes with open stacks at the same time. */
const MAX_LANES = 64;
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
  readonly #lanes = new Map<string, Pending>();
  #next = 0;

  /** Adds the next line, without its line feed. Returns the events that it has ended, in the order of their first lines. */
  push(line: string): JoinedEvent[] {
    const number = this.#next++;
    const classified = classifyLine(line);
    const ended: JoinedEvent[] = [];
    const pending = this.#lanes.get(classified.lane);

    if (pending && continues(pending, classified)) {
      append(pending, classified, line);
      if (pending.lines.length >= MAX_LINES || pending.length >= MAX_CHARACTERS)
        this.#end(classified.lane, ended);
    } else if (classified.kind !== 'blank') {
      if (pending) this.#end(classified.lane, ended);
      this.#lanes.set(classified.lane, open(number, classified, line));
    } else if (pending && !isStack(pending)) {
      this.#end(classified.lane, ended);
    }
    for (const [lane, other] of this.#lanes) {
      const idle = lane !== classified.lane && (!isStack(other) || number - other.firstLine > MAX_SPAN_LINES);
      if (idle || other.kind === 'plain' || other.kind === 'indented') this.#end(lane, ended);
    }
    if (this.#lanes.size > MAX_LANES) this.#end(this.#lanes.keys().next().value!, ended);
    return ended.sort((a, b) => a.firstLine - b.firstLine);
  }

  /** Ends all open events, at the end of a file or after a silence. */
  flush(): JoinedEvent[] {
    const ended: JoinedEvent[] = [];
    for (const lane of this.#lanes.keys()) this.#end(lane, ended);
    return ended.sort((a, b) => a.firstLine - b.firstLine);
  }

  /** Number of the first line that is in no returned event yet; undefined where all lines are returned or blank. */
  get oldestPending(): number | undefined {
    let oldest: number | undefined;
    for (const { firstLine } of this.#lanes.values()) {
      if (oldest === undefined || firstLine < oldest) oldest = firstLine;
    }
    return oldest;
  }

  #end(lane: string, ended: JoinedEvent[]): void {
    const { firstLine, lines } = this.#lanes.get(lane)!;
    this.#lanes.delete(lane);
    ended.push({ text: lines.join('\n'), firstLine, lines: lines.length });
  }
}

function open(firstLine: number, { kind, repeated, failed }: ClassifiedLine, line: string): Pending {
  return {
    firstLine,
    lines: [line],
    length: line.length,
    kind,
    repeated,
    failed,
    blanks: 0,
  };
}

function append(pending: Pending, { kind }: ClassifiedLine, line: string): void {
  if (kind === 'blank' && pending.repeated === '') {
    pending.blanks++;
    return;
  }
  while (pending.blanks > 0) {
    pending.lines.push('');
    pending.blanks--;
  }
  pending.lines.push(line);
  pending.length += line.length + 1;
  if (kind === 'traceback' || (pending.kind === 'prologue' && kind === 'failure')) pending.kind = kind;
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
      if (pending.blanks > 0) return kind === 'traceback' || PYTHON_TAIL.test(body);
      return PYTHON_TAIL.test(body) || (endsInFrame(pending) && EXCEPTION.test(body));
    case 'failure':
      if (kind === 'indented') return pending.blanks === 0 || body.startsWith('\t');
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
