import { ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import type { Chance } from '../chance.ts';

/** What survives of the writes that no flush followed: a disk may have written any of them, in any order. */
export type Survival = 'none' | 'some' | 'all';

const BLOCK = 4_096;

/**
 * A disk and its volatile cache. What is written is kept in memory until a flush brings it into the image; a power cut
 * takes the rest. From the cut on the disk works as before, but nothing reaches the image any more, so that a file system can be
 * unmounted in peace.
 */
export class WriteCache {
  readonly bytes: number;
  readonly #image: number;
  readonly #pending = new Map<number, Buffer>();
  #isCut = false;

  constructor(image: string, bytes: number) {
    this.bytes = bytes;
    this.#image = openSync(image, 'r+');
    ftruncateSync(this.#image, bytes);
  }

  read(target: Buffer, from: number): void {
    readSync(this.#image, target, 0, target.length, from);
    for (const { block, start, at, length } of blocksOf(from, target.length)) {
      this.#pending.get(block)?.copy(target, at, start, start + length);
    }
  }

  write(source: Buffer, from: number): void {
    for (const { block, start, at, length } of blocksOf(from, source.length)) {
      let pending = this.#pending.get(block);
      if (!pending) {
        pending = Buffer.alloc(BLOCK);
        if (length < BLOCK) readSync(this.#image, pending, 0, BLOCK, block * BLOCK);
        this.#pending.set(block, pending);
      }
      source.copy(pending, start, at, at + length);
    }
  }

  flush(): void {
    if (this.#isCut) return;
    this.#writeBack(() => true);
    this.#pending.clear();
  }

  /** @param chance chooses what survives of `some` */
  cut(survival: Survival, chance: Chance): { readonly unflushed: number; readonly survived: number } {
    const unflushed = this.#pending.size;
    const share = { none: 0, some: chance.share(), all: 1 }[survival];
    const survived = this.#writeBack(() => chance.share() < share);
    this.#isCut = true;
    return { unflushed, survived };
  }

  powerOn(): void {
    this.#pending.clear();
    this.#isCut = false;
  }

  #writeBack(chosen: () => boolean): number {
    let written = 0;
    for (const [block, bytes] of this.#pending) {
      if (!chosen()) continue;
      writeSync(this.#image, bytes, 0, BLOCK, block * BLOCK);
      written++;
    }
    return written;
  }
}

/** The pieces of a range: where each stands in its block, and where in the range. */
function* blocksOf(from: number, bytes: number) {
  for (let at = 0; at < bytes; ) {
    const start = (from + at) % BLOCK;
    const length = Math.min(BLOCK - start, bytes - at);
    yield { block: (from + at - start) / BLOCK, start, at, length };
    at += length;
  }
}
