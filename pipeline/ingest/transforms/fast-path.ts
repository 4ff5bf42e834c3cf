import type { LogRecord } from '../../record/log-record.ts';
import type { Arrival } from '../sources/source-entry.ts';
import { createTemplateFinder, type RecordTemplate, type TemplateRules } from './record-template.ts';

interface UsedTemplate {
  readonly template: RecordTemplate;
  made: number;
  refused: number;
}

/** Each that does not match costs a text 50 ns, more where it is like the one that does. */
const MAX_TEMPLATES = 8;
/** The pattern's memory of where it could go back to grows with the text. */
const MAX_TEXT_CHARACTERS = 64 * 1024;
/** A shape costs as much to find as 20 records to read: where they are of no use, only one text in so many is looked at. */
const MAX_PASSED = 4_096;
/** How many more records a shape may give up than it makes. */
const MAX_REFUSED = 1_000;

/**
 * Reads records of shapes that came before, in half the time that parsing, redacting and normalizing takes; what it makes is
 * what these would have made. It gives up a record wherever that is not certain.
 */
export class FastPath {
  readonly #find;
  /** The one used last comes first. */
  readonly #templates: UsedTemplate[] = [];
  #passing = 1;
  #toPass = 0;

  constructor(rules: TemplateRules) {
    this.#find = createTemplateFinder(rules);
  }

  /** The record of a JSON text; undefined where it has to be read in the general way. */
  read(text: string, arrival: Arrival): LogRecord | undefined {
    if (text.length > MAX_TEXT_CHARACTERS) return undefined;
    for (let index = 0; index < this.#templates.length; index++) {
      const used = this.#templates[index]!;
      const values = used.template.pattern.exec(text);
      if (!values) continue;
      if (index > 0) {
        this.#templates.splice(index, 1);
        this.#templates.unshift(used);
      }
      const record = used.template.read(values, arrival);
      if (record) used.made++;
      else if (++used.refused > used.made + MAX_REFUSED) this.#forget();
      return record;
    }
    if (this.#toPass-- === 0) this.#learn(text);
    return undefined;
  }

  /** Drops the shape that was used last: most of its records go the general way. It would be the next to be found again. */
  #forget(): void {
    this.#templates.shift();
    this.#toPass = MAX_PASSED;
  }

  /** Remembers the shape of a text, in the place of the one not used for longest. */
  #learn(text: string): void {
    const template = this.#find(text);
    const isFull = this.#templates.length === MAX_TEMPLATES;
    const dropped = template && isFull ? this.#templates.pop() : undefined;
    if (template) this.#templates.unshift({ template, made: 0, refused: 0 });
    const pays = template !== undefined && (!isFull || dropped!.made > MAX_PASSED);
    this.#passing = pays ? 1 : Math.min(this.#passing * 2, MAX_PASSED);
    this.#toPass = this.#passing;
  }
}
