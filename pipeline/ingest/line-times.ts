import { findTimestamp } from '../record/find-timestamp.ts';
import { compareTimestamps, type Timestamp } from '../record/timestamp.ts';
import { createZone, type Zone } from '../record/timezone.ts';
import type { CollectedLine } from './sources/files/collected-batch.ts';
import { parseEntry } from './sources/json-body.ts';
import { stripAnsi } from './transforms/clean-text.ts';
import { readTime } from './transforms/read-time.ts';
import { readWriterPrefix } from './transforms/writer-prefix.ts';

/** Files whose last time is remembered. */
const REMEMBERED = 10_000;
/** Characters in which a line's own time stands. */
const HEAD = 4096;
/** Seconds by which a clock may be ahead: a line behind one from the year 2199 is not from there too. */
const MAX_AHEAD = 86_400;

/**
 * The times of lines that have none of their own, by those before them in their file. A line that is read as history takes the time of the line
 * before it; one that is read as it is written keeps the time of reading, and is never earlier than the line before it.
 */
export class LineTimes {
  readonly #zone: Zone;
  readonly #last = new Map<string, Timestamp>();

  /** @param timezone IANA zone of times that are written without a zone */
  constructor(timezone: string) {
    this.#zone = createZone(timezone);
  }

  /** The time that each line is given by its reader; a line's own time wins over it later. */
  of(file: string, lines: readonly CollectedLine[]): Timestamp[] {
    const own = lines.map((line) => this.#ownTime(line));
    let last = this.#last.get(file);
    // What stands above the first time of a file was written not long before it.
    const first = last ?? own.find((time) => time !== undefined);
    const times = lines.map((line, index) => {
      const time = own[index];
      if (time) last = time;
      return time ? line.readAt : timeBeside(last ?? first, line);
    });
    if (last) this.#remember(file, last);
    return times;
  }

  #remember(file: string, time: Timestamp): void {
    if (this.#last.size >= REMEMBERED && !this.#last.has(file)) this.#last.clear();
    this.#last.set(file, time);
  }

  #ownTime({ text, readAt }: CollectedLine): Timestamp | undefined {
    const head = stripAnsi(text.length > HEAD ? text.slice(0, HEAD) : text);
    if (head.charCodeAt(0) === 123) {
      const entry = parseEntry(text);
      return 'reason' in entry ? undefined : readTime(entry, this.#zone)?.time;
    }
    return findTimestamp(head, this.#zone, readAt.seconds, readWriterPrefix(head).length)?.time;
  }
}

function timeBeside(neighbour: Timestamp | undefined, { readAt, isHistory }: CollectedLine): Timestamp {
  if (!neighbour) return readAt;
  const isLater = compareTimestamps(neighbour, readAt) > 0;
  if (isHistory) return isLater ? readAt : neighbour;
  return isLater && neighbour.seconds - readAt.seconds <= MAX_AHEAD ? neighbour : readAt;
}
