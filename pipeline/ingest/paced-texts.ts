import { yieldWhenDue } from '../runtime/event-loop.ts';
import type { SourceText } from './sources/record-limits.ts';

/** Characters of work between two looks at the clock, which take half a millisecond; each text counts as so many more. */
const CLOCK_CHARACTERS = 16 * 1024;
const TEXT_CHARACTERS = 512;

export type Text = NonNullable<SourceText>;

/** Reads the texts of a request in time slices of the event loop; rejects when the sender no longer waits. */
export class PacedTexts {
  readonly #texts: Iterator<SourceText>;
  readonly #signal: AbortSignal | undefined;
  #characters = 0;
  #isDone = false;

  constructor(texts: Iterable<SourceText>, signal: AbortSignal | undefined) {
    this.#texts = texts[Symbol.iterator]();
    this.#signal = signal;
  }

  /** The next text, where no pause is due before it. Callers try this first, because awaiting `next` costs as much as a record. */
  nextNow(): Text | undefined {
    if (this.#characters >= CLOCK_CHARACTERS) return undefined;
    const { value, done } = this.#texts.next();
    if (done) this.#isDone = true;
    if (value === undefined) this.#characters = CLOCK_CHARACTERS;
    else this.#characters += TEXT_CHARACTERS + (typeof value === 'string' ? value.length : value.text.length);
    return value;
  }

  /** The next text; undefined at the end. @throws LogplaneError when the signal is aborted */
  async next(): Promise<Text | undefined> {
    while (!this.#isDone) {
      if (this.#characters >= CLOCK_CHARACTERS) await this.yieldWhenDue();
      const text = this.nextNow();
      if (text !== undefined) return text;
    }
    return undefined;
  }

  /** Yields to the event loop where the time slice is over. @throws LogplaneError when the signal is aborted */
  async yieldWhenDue(): Promise<void> {
    this.#characters = 0;
    await yieldWhenDue(this.#signal);
  }
}
