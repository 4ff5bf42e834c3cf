import { classifyLine } from '../transforms/classify-line.ts';
import type { FileLedger } from './file-ledger.ts';
import { type Generation, giveUp, pendingBelow } from './file-progress.ts';
import { type Line, type LineStreams, type LinesOfEvent, MAX_ORDER_WAIT_MS } from './line-streams.ts';

/** Bounds of what waits; beyond them the bytes before are waited for no more. */
const MAX_LINES = 20_000;
const MAX_CHARACTERS = 16 * 1024 * 1024;
const MAX_LINES_OF_FILE = 2_000;

/** The lines between two parts of a file that may yet come. */
interface Segment {
  /** Where the missing part below it ends. */
  readonly gapEnd: number;
  /** The lines that may continue an event below, in the order of the file. */
  readonly held: Line[];
  /** The writers of which a line has come that continues nothing: their further lines are joined within the segment. */
  readonly begun: Set<string>;
  /** The streams within the segment. */
  readonly streams: Set<string>;
}

/**
 * Gives lines to their streams in the order of their offsets. Shippers send parts of a file at once, and a refused one again behind
 * later ones. Behind a part that may yet come only those lines wait that may continue an event; from its first line with a time or a
 * level on, a writer's lines are joined as if the file began there, until the part has come. Lines without an offset pass.
 */
export class LineOrder {
  readonly #ledger: FileLedger;
  readonly #streams: LineStreams;
  readonly #segments = new Map<Generation, Segment[]>();
  #lines = 0;
  #characters = 0;

  constructor(ledger: FileLedger, streams: LineStreams) {
    this.#ledger = ledger;
    this.#streams = streams;
  }

  /** Number of lines that wait for others before them. */
  get size(): number {
    return this.#lines;
  }

  /**
   * Adds a line.
   * @param before the line before it in its request and file
   * @returns the events that have ended
   */
  push(line: Line, before: Line | undefined, now: number): readonly LinesOfEvent[] {
    const { position } = line;
    if (!position) return this.#streams.push(line, now);
    const file = this.#ledger.fileOf(position.file, now);
    line.generation = file.place(position, before?.position?.to, position.slack, now);
    const ended = this.#add(line, now);
    return this.#segments.size === 0 ? ended : [...ended, ...this.#rejoin(line.generation, now)];
  }

  /**
   * Adds lines of which the ledger knows, such as those of an earlier process.
   * @param at when their events have last grown, in milliseconds since 1970
   * @returns the events that have ended
   */
  addAgain(lines: readonly Line[], at: number): LinesOfEvent[] {
    const inOrder = [...lines].sort((a, b) =>
      a.position?.file === b.position?.file ? (a.position?.from ?? 0) - (b.position?.from ?? 0) : 0,
    );
    return inOrder.flatMap((line) => {
      line.generation ??= line.position && this.#ledger.generationAt(line.position);
      return this.#add(line, at);
    });
  }

  /** The lines that wait, of some contents of files, and the names of the streams behind what they wait for. */
  waiting(generations: Iterable<Generation>): { readonly lines: Line[]; readonly streams: string[] } {
    const segments = [...generations].flatMap((generation) => this.#segments.get(generation) ?? []);
    return {
      lines: segments.flatMap(({ held }) => held),
      streams: segments.flatMap(({ streams }) => [...streams]),
    };
  }

  /** Forgets what waits. @returns it, as `waiting` does */
  drop(generations: Iterable<Generation>): { readonly lines: Line[]; readonly streams: string[] } {
    const all = [...generations];
    const dropped = this.waiting(all);
    for (const generation of all) this.#segments.delete(generation);
    this.#count(dropped.lines, -1);
    return dropped;
  }

  /** Gives up what lines have waited for long enough, or what too many wait for. @returns the events that have ended */
  expire(now: number): LinesOfEvent[] {
    const ended: LinesOfEvent[] = [];
    for (const [generation, segments] of this.#segments) {
      const lines = segments.reduce((sum, { held }) => sum + held.length, 0);
      const isTooMany =
        this.#lines > MAX_LINES || this.#characters > MAX_CHARACTERS || lines > MAX_LINES_OF_FILE;
      giveUp(generation, isTooMany ? Number.POSITIVE_INFINITY : now - MAX_ORDER_WAIT_MS);
      ended.push(...this.#rejoin(generation, now));
    }
    return ended;
  }

  #add(line: Line, now: number): LinesOfEvent[] {
    const { generation, position } = line;
    line.stream = line.fileStream;
    const gap = generation && pendingBelow(generation, position!.from);
    if (!gap) return this.#streams.push(line, now);
    const segment = this.#segmentOf(generation, gap.to);
    const { writer, opens } = classifyLine(line.text);
    const isHeld = line.container || line.isPart || (opens !== 'record' && !segment.begun.has(writer));
    if (isHeld) {
      let at = segment.held.length;
      while (at > 0 && segment.held[at - 1]!.position!.from > position!.from) at--;
      segment.held.splice(at, 0, line);
      this.#count([line], 1);
      return [];
    }
    segment.begun.add(writer);
    line.stream = `${line.fileStream}\0${gap.to}`;
    segment.streams.add(line.stream);
    return this.#streams.push(line, now);
  }

  #segmentOf(generation: Generation, gapEnd: number): Segment {
    const segments = this.#segments.get(generation) ?? [];
    this.#segments.set(generation, segments);
    const found = segments.find((segment) => segment.gapEnd === gapEnd);
    if (found) return found;
    const segment: Segment = { gapEnd, held: [], begun: new Set(), streams: new Set() };
    segments.push(segment);
    segments.sort((a, b) => a.gapEnd - b.gapEnd);
    return segment;
  }

  /** Joins segments with what is below them, where nothing is missing between them any more. */
  #rejoin(generation: Generation, now: number): LinesOfEvent[] {
    const ended: LinesOfEvent[] = [];
    const segments = this.#segments.get(generation) ?? [];
    const isOver = ({ gapEnd }: Segment) => pendingBelow(generation, gapEnd)?.to !== gapEnd;
    const over = segments.filter(isOver);
    if (over.length === 0) return ended;
    const rest = segments.filter((segment) => !over.includes(segment));
    if (rest.length > 0) this.#segments.set(generation, rest);
    else this.#segments.delete(generation);
    for (const { held, streams } of over) {
      this.#count(held, -1);
      const open = [...streams].flatMap((stream) => {
        const lines = this.#streams.openLines(stream);
        this.#streams.drop(stream);
        return lines;
      });
      for (const line of [...held, ...open]) ended.push(...this.#add(line, now));
    }
    return ended;
  }

  #count(lines: readonly Line[], sign: 1 | -1): void {
    this.#lines += sign * lines.length;
    for (const { entry } of lines) this.#characters += sign * entry.length;
  }
}
