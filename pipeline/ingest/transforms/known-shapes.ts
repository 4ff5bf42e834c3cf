import type { LogRecord } from '../../record/log-record.ts';
import type { Arrival } from '../sources/source-entry.ts';
import { createShapeFinder, type RecordShape, type ShapeRules } from './record-shape.ts';

interface KnownShape {
  readonly shape: RecordShape;
  made: number;
  refused: number;
}

/** Each that does not match costs a text 50 ns, more where it is like the one that does. */
const MOST_SHAPES = 8;
/** The pattern's memory of where it could go back to grows with the text. */
const LONGEST_TEXT = 64 * 1024;
/** A shape costs as much to find as 20 records to read: where they are of no use, only one text in so many is looked at. */
const MOST_PASSED = 4_096;
/** How many more records a shape may give up than it makes. */
const MOST_REFUSED = 1_000;

/**
 * Reads records of shapes that came before, in half the time that parsing, redacting and normalizing takes; what it makes is
 * what these would have made. It gives up a record wherever that is not certain.
 */
export class KnownShapes {
  readonly #find;
  /** The one used last comes first. */
  readonly #shapes: KnownShape[] = [];
  #passing = 1;
  #toPass = 0;

  constructor(rules: ShapeRules) {
    this.#find = createShapeFinder(rules);
  }

  /** The record of a JSON text; undefined where it has to be read in the general way. */
  read(text: string, arrival: Arrival): LogRecord | undefined {
    if (text.length > LONGEST_TEXT) return undefined;
    for (let index = 0; index < this.#shapes.length; index++) {
      const known = this.#shapes[index]!;
      const values = known.shape.pattern.exec(text);
      if (!values) continue;
      if (index > 0) {
        this.#shapes.splice(index, 1);
        this.#shapes.unshift(known);
      }
      const record = known.shape.read(values, arrival);
      if (record) known.made++;
      else if (++known.refused > known.made + MOST_REFUSED) this.#forget();
      return record;
    }
    if (this.#toPass-- === 0) this.#learn(text);
    return undefined;
  }

  /** Drops the shape that was used last: most of its records go the general way. It would be the next to be found again. */
  #forget(): void {
    this.#shapes.shift();
    this.#toPass = MOST_PASSED;
  }

  /** Remembers the shape of a text, in the place of the one not used for longest. */
  #learn(text: string): void {
    const shape = this.#find(text);
    const isFull = this.#shapes.length === MOST_SHAPES;
    const dropped = shape && isFull ? this.#shapes.pop() : undefined;
    if (shape) this.#shapes.unshift({ shape, made: 0, refused: 0 });
    const pays = shape !== undefined && (!isFull || dropped!.made > MOST_PASSED);
    this.#passing = pays ? 1 : Math.min(this.#passing * 2, MOST_PASSED);
    this.#toPass = this.#passing;
  }
}
