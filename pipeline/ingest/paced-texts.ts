import { pause } from '../runtime/loop-turns.ts';
import type { SourceText } from './sources/record-limits.ts';

/** The clock is looked at after work for so many characters, which takes half a millisecond; a text counts as so many more. */
const CLOCK_CHARACTERS = 16 * 1024;
const TEXT_CHARACTERS = 512;

export type Text = NonNullable<SourceText>;

/** The texts of a request in the turns that the event loop has for it; they end with an error when nobody waits for them any more. */
export class PacedTexts {
  readonly #texts: Iterator<SourceText>;
  readonly #signal: AbortSignal | undefined;
  #characters = 0;
  #isDone = false;

  constructor(texts: Iterable<SourceText>, signal: AbortSignal | undefined) {
    this.#texts = texts[Symbol.iterator]();
    this.#signal = signal;
  }

  /** The next text, where it is there without a pause. Asked for each, because waiting costs as much as a record. */
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
      if (this.#characters >= CLOCK_CHARACTERS) await this.pause();
      const text = this.nextNow();
      if (text !== undefined) return text;
    }
    return undefined;
  }

  /** Lets others have the loop where this turn is over. @throws LogplaneError when the signal is aborted */
  async pause(): Promise<void> {
    this.#characters = 0;
    await pause(this.#signal);
  }
}
