import type { LogRecord } from '../../record/log-record.ts';
import type { Arrival } from '../sources/source-entry.ts';
import { createTemplateFinder, type RecordTemplate, type TemplateRules } from './record-template.ts';

export interface FastRecord {
  readonly record: LogRecord;
  /** The line of text in `log`, where nothing else in the record says anything of it. */
  readonly line: string | undefined;
}

interface UsedTemplate {
  readonly template: RecordTemplate;
  made: number;
  refused: number;
}

/** Templates that are kept. Each one that does not match costs a text 50 ns, more where it is similar to the one that matches. */
const MAX_TEMPLATES = 8;
/** Longer texts take the slow path, because a pattern's memory for backtracking grows with the text. */
const MAX_TEXT_CHARACTERS = 64 * 1024;
/** Texts between two attempts to make a template, where templates are of no use: making one costs as much as reading 20 records. */
const MAX_PASSED = 4_096;
/** How many more records a template may give up than it reads. */
const MAX_REFUSED = 1_000;

/**
 * Reads records by templates of earlier records, in half the time of the slow path, which parses, redacts and normalizes. The result
 * is what the slow path would have made. A record for which that is not certain is given up.
 */
export class FastPath {
  readonly #find;
  /** The template that was used last comes first. */
  readonly #templates: UsedTemplate[] = [];
  #passing = 1;
  #toPass = 0;

  constructor(rules: TemplateRules) {
    this.#find = createTemplateFinder(rules);
  }

  /** The record of a JSON text; undefined where the text has to take the slow path. */
  read(text: string, arrival: Arrival): FastRecord | undefined {
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
      if (record) {
        used.made++;
        return { record, line: used.template.lineOf(values) };
      }
      if (++used.refused > used.made + MAX_REFUSED) this.#forget();
      return undefined;
    }
    if (this.#toPass-- === 0) this.#learn(text);
    return undefined;
  }

  /** Drops the template that was used last, because most of its records are given up, and waits: it would be made again at once. */
  #forget(): void {
    this.#templates.shift();
    this.#toPass = MAX_PASSED;
  }

  /** Makes a template of a text, which replaces the least recently used one. */
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
