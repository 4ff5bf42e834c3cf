import type { StoredRecord } from '../../pipeline/record/log-record.ts';
import type { Level } from '../../pipeline/record/severity.ts';
import type { ClickHouse, QueryParameters } from '../../pipeline/store/clickhouse.ts';
import { decodeRow, RECORD_SELECT, type RecordRow } from '../../pipeline/store/columns.ts';
import { type CompiledRule, measuredField, measuresNumbers } from './compile-rule.ts';
import { type Gate, gateOf, gateSql } from './gate.ts';
import { binOf } from './increment.ts';
import { labelSql } from './label-sql.ts';
import { LABEL_CHARACTERS } from './read-increments.ts';
import {
  IncrementLists,
  NEW_RECORDS,
  type NewIncrements,
  type NumberedRule,
  READING_LIMITS,
  type RecordReader,
  secondFor,
} from './record-reader.ts';

interface MatchedRule extends NumberedRule {
  /** Places of its labels' values, and of the one that it measures, behind a record's columns. */
  readonly labels: readonly number[];
  readonly measured: number | undefined;
}

/**
 * For rules that look at what few records hold: one statement fetches the records that pass the gate of any of them, and
 * the predicates of those whose gate it is decide.
 */
export class MatchedReader implements RecordReader {
  readonly rules: readonly MatchedRule[];
  readonly pause = 0;
  readonly #clickhouse: ClickHouse;
  readonly #labels = new Map<string, { readonly place: number; readonly sql: string }>();
  readonly #parameters: Record<string, QueryParameters[string]> = {};
  readonly #sql: string;
  readonly #byText: readonly (readonly MatchedRule[])[];
  readonly #byLevel: ReadonlyMap<Level, readonly MatchedRule[]>;

  constructor(clickhouse: ClickHouse, rules: readonly NumberedRule[]) {
    this.#clickhouse = clickhouse;
    this.rules = rules.map(({ index, compiled }) => {
      const measured = measuredField(compiled.rule);
      return {
        index,
        compiled,
        labels: compiled.labels.map((name) => this.#place(name, compiled)),
        measured: measured === undefined ? undefined : this.#place(measured, compiled),
      };
    });
    const gates = new Map(this.rules.map((rule) => [rule, gateOf(rule.compiled.query) as Gate]));
    const gate = gateSql([...gates.values()]);
    const rulesWith = (holds: (gate: Gate) => boolean) =>
      this.rules.filter((rule) => holds(gates.get(rule)!));
    this.#byText = gate.texts.map((text) => rulesWith(({ texts }) => texts.includes(text)));
    this.#byLevel = new Map(
      gate.levels.map((level) => [level, rulesWith(({ levels }) => levels.includes(level))]),
    );
    const labels = Array.from(
      this.#labels.values(),
      ({ sql }) => `substringUTF8(${sql}, 1, ${LABEL_CHARACTERS})`,
    );
    Object.assign(this.#parameters, gate.parameters);
    this.#sql =
      `SELECT ${[RECORD_SELECT, 'weight', gate.found, ...labels].join(', ')} FROM logs ` +
      `WHERE ${NEW_RECORDS} AND ${gate.sql}`;
  }

  async read(after: number, upTo: number): Promise<NewIncrements> {
    const found = new IncrementLists();
    const rows = await this.#clickhouse.query<RecordRow>(this.#sql, {
      ...READING_LIMITS,
      parameters: { after, up_to: upTo, ...this.#parameters },
    });
    for (const row of rows) {
      const record = decodeRow(row);
      const [count, texts, ...values] = (row as readonly unknown[]).slice(-this.#labels.size - 2) as [
        number,
        number[],
        ...string[],
      ];
      const arrival = Math.floor(record.seq / 1e6);
      const own = Math.min(record.timestamp.seconds, arrival);
      for (const { index, compiled, labels, measured } of this.#candidates(texts, record.level)) {
        const at = compiled.matches(record) ? secondFor(compiled, own, arrival) : undefined;
        if (at === undefined) continue;
        const item = itemFor(compiled, record, measured === undefined ? undefined : String(values[measured]));
        const group = JSON.stringify(labels.map((place) => String(values[place])));
        if (item !== undefined) found.add(index, { group, at, item, count: Number(count) });
      }
    }
    return found.lists;
  }

  /** @param texts which of the gates' texts the message holds, counted from 1 */
  #candidates(texts: readonly number[], level: Level): Iterable<MatchedRule> {
    const ofLevel = this.#byLevel.get(level) ?? [];
    if (texts.length === 0) return ofLevel;
    return new Set([...ofLevel, ...texts.flatMap((text) => this.#byText[text - 1]!)]);
  }

  /** Where a label's value stands behind a record's columns; rules that want the same value share it. */
  #place(name: string, { rule }: CompiledRule): number {
    const key = JSON.stringify([name, rule.extract[name]]);
    const known = this.#labels.get(key);
    if (known) return known.place;
    const place = this.#labels.size;
    const { sql, parameters } = labelSql(name, rule.extract, `l${place}_`);
    Object.assign(this.#parameters, parameters);
    this.#labels.set(key, { place, sql });
    return place;
  }
}

function itemFor(
  { rule, part }: CompiledRule,
  record: StoredRecord,
  measured: string | undefined,
): string | undefined {
  if (part) return part.matches(record) ? '1' : '';
  if (measured === undefined) return '';
  return measuresNumbers(rule) ? binOf(measured) : measured;
}
