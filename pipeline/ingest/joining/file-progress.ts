/** A part of a file in bytes, from its first byte to the one behind its last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Why bytes of a file are missing. */
export type HoleReason = 'truncation' | 'rotation' | 'kill' | 'full disk' | 'skipped line' | 'unknown';

/** Bytes that were written and are in no record. */
export interface Hole extends Span {
  readonly reason: HoleReason;
  /** Which content of the path they were part of: 1 for the first that was seen. */
  readonly generation: number;
}

/** Bytes that have not come. */
export interface Gap {
  from: number;
  to: number;
  /** True while they may yet come: lines behind them wait. */
  isPending: boolean;
  /** When they were found to be missing, in milliseconds since 1970. */
  readonly since: number;
  reason: HoleReason;
  /** True where a record says that it is missing. */
  isReported?: boolean;
}

/** What was written into one path until it was truncated or replaced. */
export interface Generation {
  readonly number: number;
  /** Everything before this byte was written before the server knew the file. */
  readonly first: number;
  /** The byte behind the last one that has come. */
  next: number;
  /** Bytes that its last line may have fewer, because some of its characters stand for bytes that are no text. */
  slack: number;
  /** True where its last line is as long as those that shippers cut. */
  wasCut: boolean;
  /** In the order of the file. */
  readonly gaps: Gap[];
  /** Its size where that is known, as of the last report. */
  written: number;
  /** The number of its file; '' where that is not known. */
  inode: string;
  /** True where nothing can be added any more. */
  isClosed: boolean;
}

/** Bytes by which the end of a line may differ from what its text says: a carriage return, or bytes that are no text. */
const SLACK = 8;
/** A line of so many bytes was cut by its shipper. */
const CUT_BYTES = 60_000;
const MAX_GAPS = 64;
const MAX_GENERATIONS = 3;
const MAX_OLD_HOLES = 32;
/** Lines of a new content may come in before its first one. */
const OVERTAKEN_MS = 10_000;

/** How far the bytes of one path have come in, by the offsets of its lines. */
export class FileProgress {
  /** The latest is the last one. */
  readonly generations: Generation[] = [];
  /** What is known of earlier contents, whose lines do not come any more. */
  readonly old = { written: 0, stored: 0, holes: [] as Hole[] };
  /** When anything was last heard of the file, in milliseconds since 1970. */
  seenAt = 0;
  /** Bytes that have come twice, or that belong to a content whose first line is on its way. */
  #repeated: (Span & { readonly at: number })[] = [];

  get latest(): Generation | undefined {
    return this.generations.at(-1);
  }

  /**
   * Notes a line. Returns the content that it is part of.
   * @param before the end of the line before it in its request, where there is one: what lies between them will not come any more
   * @param now milliseconds since 1970
   */
  place(line: Span, before: number | undefined, slack: number, now: number): Generation {
    const generation = this.#generationOf(line, now);
    if (!generation) {
      this.#repeated.push({ from: line.from, to: line.to, at: now });
      if (this.#repeated.length > MAX_GAPS) this.#repeated.shift();
      return this.latest!;
    }
    if (isBehind(generation, line.from)) fill(generation, line);
    else {
      if (line.from > generation.next + SLACK) {
        const { wasCut } = generation;
        const isNeighbour = before !== undefined && Math.abs(before - generation.next) <= SLACK;
        addGap(generation, {
          from: generation.next,
          to: line.from,
          isPending: !wasCut && !isNeighbour,
          since: now,
          reason: wasCut ? 'skipped line' : 'unknown',
        });
      }
      generation.next = line.to;
      generation.slack = slack;
      generation.wasCut = line.to - line.from > CUT_BYTES;
      if (generation.written < line.to) generation.written = line.to;
    }
    return generation;
  }

  /** The generation that a line belongs to; undefined where its bytes have come before. */
  #generationOf(line: Span, now: number): Generation | undefined {
    const { latest } = this;
    if (!latest) return this.begin(line.from, line.from);
    if (isNext(latest, line.from)) return latest;
    const newestFirst = [...this.generations].reverse();
    const found =
      newestFirst.find((generation) => isNext(generation, line.from)) ??
      newestFirst.find(({ gaps }) =>
        gaps.some(({ from, to }) => line.from >= from - SLACK && line.from < to),
      );
    if (found) return found;
    if (!isBehind(latest, line.from)) return latest;
    if (line.from > SLACK) return undefined;
    const begun = this.begin(0, 0);
    for (const span of this.#repeated.splice(0)) if (now - span.at < OVERTAKEN_MS) add(begun, span, now);
    return begun;
  }

  /** Begins another content of the path. */
  begin(first: number, next: number, number = (this.latest?.number ?? 0) + 1): Generation {
    const begun: Generation = {
      number,
      first,
      next,
      slack: 0,
      wasCut: false,
      gaps: [],
      written: next,
      inode: '',
      isClosed: false,
    };
    this.generations.push(begun);
    if (this.generations.length > MAX_GENERATIONS) this.#forget(this.generations.shift()!);
    return begun;
  }

  #forget(generation: Generation): void {
    giveUp(generation, Number.POSITIVE_INFINITY);
    const { old } = this;
    old.written += generation.written - generation.first;
    old.stored += storedBytes(generation);
    old.holes.push(...holesOf(generation));
    old.holes.splice(0, old.holes.length - MAX_OLD_HOLES);
  }
}

/** Bytes of the generation that have come. */
export function storedBytes({ first, next, gaps }: Generation): number {
  return gaps.reduce((sum, { from, to }) => sum - (to - from), Math.max(next, gaps.at(-1)?.to ?? 0) - first);
}

/** The bytes that will not come any more. */
export function holesOf({ number, gaps }: Generation): Hole[] {
  return gaps
    .filter(({ isPending }) => !isPending)
    .map(({ from, to, reason }) => ({ from, to, reason, generation: number }));
}

/** Ends the generation: what was written and has not come is missing. */
export function close(generation: Generation, written: number, reason: HoleReason, now: number): void {
  generation.isClosed = true;
  generation.written = Math.max(generation.written, written);
  addGap(generation, {
    from: generation.next,
    to: generation.written,
    isPending: true,
    since: now,
    reason,
  });
}

/** Notes that bytes have come, in whatever order. */
export function add(generation: Generation, span: Span, now: number): void {
  if (isBehind(generation, span.from)) fill(generation, span);
  if (span.from > generation.next + SLACK)
    addGap(generation, {
      from: generation.next,
      to: span.from,
      isPending: true,
      since: now,
      reason: 'unknown',
    });
  if (span.to > generation.next) generation.next = span.to;
  if (generation.written < generation.next) generation.written = generation.next;
}

/** Notes that bytes that have come are refused, so that they come again. */
export function remove(generation: Generation, span: Span, now: number): void {
  fill(generation, span);
  addGap(generation, { ...span, isPending: true, since: now, reason: 'unknown' });
}

/** Gives up bytes that were missing before `since`. @returns whether there were any */
export function giveUp(generation: Generation, since: number): boolean {
  let found = false;
  for (const gap of generation.gaps) {
    if (!gap.isPending || gap.since > since) continue;
    gap.isPending = false;
    found = true;
  }
  return found;
}

/** The last part before an offset that may yet come. */
export function pendingBelow({ gaps }: Generation, offset: number): Gap | undefined {
  for (let index = gaps.length - 1; index >= 0; index--) {
    const gap = gaps[index]!;
    if (gap.isPending && gap.to <= offset + SLACK) return gap;
  }
  return undefined;
}

/** True while a part behind a line may yet come, and lines behind that have come. */
export function mayGoOn({ gaps }: Generation, line: Span): boolean {
  return gaps.some(({ isPending, from }) => isPending && from >= line.to - SLACK);
}

function isNext(generation: Generation, from: number): boolean {
  return !isBehind(generation, from) && from <= generation.next + SLACK;
}

function isBehind(generation: Generation, from: number): boolean {
  return from < generation.next - SLACK - generation.slack;
}

function addGap({ gaps }: Generation, gap: Gap): void {
  if (gap.to - gap.from <= SLACK) return;
  const at = gaps.findIndex(({ from }) => from > gap.from);
  gaps.splice(at === -1 ? gaps.length : at, 0, gap);
  // The oldest two become one, with the bytes between them, so that a hole is never left out.
  if (gaps.length > MAX_GAPS) gaps.splice(0, 2, { ...gaps[1]!, from: gaps[0]!.from });
}

/** Takes bytes that have come out of the gaps. */
function fill({ gaps }: Generation, { from, to }: Span): void {
  for (let index = gaps.length - 1; index >= 0; index--) {
    const gap = gaps[index]!;
    if (gap.to <= from || gap.from >= to) continue;
    const rest = [
      { ...gap, to: from },
      { ...gap, from: to },
    ].filter((part) => part.to - part.from > SLACK);
    gaps.splice(index, 1, ...rest);
  }
}
