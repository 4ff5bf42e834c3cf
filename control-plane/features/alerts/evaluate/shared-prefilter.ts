import type { Level } from '../../../../pipeline/record/severity.ts';
import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import { levelSql, type Prefilter } from './prefilter.ts';
import { NEW_RECORDS, READING_LIMITS } from './record-reader.ts';

/** The texts and levels of all prefilters that records of a range have. */
export interface Found {
  readonly texts: ReadonlySet<string>;
  readonly levels: ReadonlySet<Level>;
}

/**
 * The prefilters of many rules in one statement. It finds which of their texts and levels new records have, so that only rules with
 * one of these need a statement of their own. No record leaves the engine, however many match.
 */
export class SharedPrefilter {
  readonly #clickhouse: ClickHouse;
  readonly #texts: readonly string[];
  readonly #sql: string;
  readonly #parameters: Record<string, readonly string[]>;

  constructor(clickhouse: ClickHouse, prefilters: readonly Prefilter[]) {
    this.#clickhouse = clickhouse;
    const texts = [...new Set(prefilters.flatMap((prefilter) => prefilter.texts))];
    const levels = new Set(prefilters.flatMap((prefilter) => prefilter.levels));
    this.#texts = texts;
    // Hyperscan searches all texts at once: 0.3 µs a record for 120 texts, against 1.5 µs with `multiSearchAny`.
    const parts =
      texts.length === 0 ? [] : ['multiMatchAny(lower(message), {prefilter_texts:Array(String)})'];
    if (levels.size > 0) parts.push(levelSql(levels));
    const found =
      texts.length === 0
        ? '[]'
        : 'groupUniqArrayArray(multiMatchAllIndices(lower(message), {prefilter_texts:Array(String)}))';
    this.#sql = `SELECT ${found}, groupUniqArray(toString(level)) FROM logs WHERE ${NEW_RECORDS} AND (${parts.join(' OR ') || '0'})`;
    this.#parameters = texts.length === 0 ? {} : { prefilter_texts: texts.map(quoteRegex) };
  }

  /** Reads the records behind one sequence number up to another. */
  async read(after: number, upTo: number): Promise<Found> {
    const [[indexes, levels] = [[], []]] = await this.#clickhouse.query<[number[], Level[]]>(this.#sql, {
      ...READING_LIMITS,
      parameters: { after, up_to: upTo, ...this.#parameters },
    });
    // Hyperscan counts from 1.
    return { texts: new Set(indexes.map((index) => this.#texts[index - 1]!)), levels: new Set(levels) };
  }
}

export function passes({ texts, levels }: Prefilter, found: Found): boolean {
  return texts.some((text) => found.texts.has(text)) || levels.some((level) => found.levels.has(level));
}

function quoteRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
