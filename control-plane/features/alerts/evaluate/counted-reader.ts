import { INDEXED_FIELDS, type StoredRecord } from '../../../../pipeline/record/log-record.ts';
import type { Level } from '../../../../pipeline/record/severity.ts';
import { LogplaneError } from '../../../../pipeline/runtime/errors.ts';
import type { ClickHouse, QueryParameters } from '../../../../pipeline/store/clickhouse.ts';
import { type LabelSql, labelSql } from './label-sql.ts';
import { binSql, type PartialAggregate } from './partial-aggregate.ts';
import { levelSql, prefilterOf } from './prefilter.ts';
import { ARRIVAL_SECOND, LABEL_CHARACTERS } from './read-partial-aggregates.ts';
import { COUNTED_FIELDS, fieldsOf, WORKED_OUT } from './read-plan.ts';
import {
  AggregateLists,
  type AggregatesByRule,
  NEW_RECORDS,
  type NumberedRule,
  pauseOf,
  READING_LIMITS,
  RECENT_SECOND,
  type RecordReader,
  secondFor,
} from './record-reader.ts';

/** A rule that a combination of values concerns, with the group that the combination belongs to. */
interface Concerned extends NumberedRule {
  readonly group: (value: string) => string;
  readonly part: boolean;
}

/** Combinations that are remembered, and their characters in all, because senders decide how long values are. */
const MAX_COMBINATIONS = 20_000;
const MAX_COMBINATION_CHARACTERS = 4_000_000;
const MAX_ROWS = 500_000;

const EMPTY: StoredRecord = {
  seq: 0,
  timestamp: { seconds: 0, nanos: 0, digits: 0 },
  observed: undefined,
  level: 'info',
  severity_text: '',
  message: '',
  attributes: '{}',
  ...(Object.fromEntries(INDEXED_FIELDS.map((name) => [name, ''])) as Record<
    (typeof INDEXED_FIELDS)[number],
    string
  >),
};

/**
 * The reader for rules over fields with few values: one statement counts all new records by these fields, and the predicates of the
 * rules select among the counts. A statement with the conditions of 200 rules would take 200 ms to be analysed.
 */
export class CountedReader implements RecordReader {
  readonly rules: readonly NumberedRule[];
  readonly pause: number;
  readonly #clickhouse: ClickHouse;
  readonly #value: string | undefined;
  readonly #fields: readonly string[];
  readonly #combinations = new Map<string, readonly Concerned[]>();
  #combinationCharacters = 0;
  readonly #sql: string;
  readonly #parameters: QueryParameters;

  /** @param value the further field that the rules need: `pattern`, or the field whose numbers they measure */
  constructor(clickhouse: ClickHouse, rules: readonly NumberedRule[], value: string | undefined) {
    this.#clickhouse = clickhouse;
    this.rules = rules;
    this.#value = value;
    this.pause = value === undefined ? 0 : pauseOf(rules);
    const used = rules.flatMap(({ compiled }) => fieldsOf(compiled));
    this.#fields = [...COUNTED_FIELDS].filter((name) => used.includes(name));
    const { sql, parameters } = valueSql(value);
    this.#parameters = parameters;
    this.#sql =
      `SELECT ${[`${RECENT_SECOND} AS at`, `max(${ARRIVAL_SECOND})`, 'sum(weight)', `${sql} AS value`, ...this.#fields].join(', ')} ` +
      `FROM logs WHERE ${NEW_RECORDS} AND ${this.#condition()} ` +
      `GROUP BY ${['at', 'value', ...this.#fields].join(', ')} HAVING value IS NOT NULL LIMIT ${MAX_ROWS}`;
  }

  async read(after: number, upTo: number): Promise<AggregatesByRule> {
    const found = new AggregateLists();
    const rows = await this.#clickhouse.query<[number, number, number, string, ...string[]]>(this.#sql, {
      ...READING_LIMITS,
      parameters: { after, up_to: upTo, ...this.#parameters },
    });
    if (rows.length === MAX_ROWS) {
      const names = this.rules.map(({ compiled }) => compiled.rule.name).join(', ');
      throw new LogplaneError(
        'resource_exhausted',
        `the field ${this.#value} has more than ${MAX_ROWS} values in this time, so ${names} counts only a part of them; select fewer records`,
      );
    }
    for (const [own, arrival, count, value, ...values] of rows) {
      for (const { index, compiled, group, part } of this.#concerned(values)) {
        const at = secondFor(compiled, own, arrival);
        if (at !== undefined)
          found.add(index, { group: group(value), at, item: this.#item(value, part), count });
      }
    }
    return found.lists;
  }

  /** Where all rules select rare levels alone, records of other levels are not counted. */
  #condition(): string {
    const levels = new Set<Level>();
    for (const { compiled } of this.rules) {
      const prefilter = prefilterOf(compiled.query);
      if (!prefilter || prefilter.texts.length > 0) return '1';
      for (const level of prefilter.levels) levels.add(level);
    }
    return levels.size === 0 ? '0' : levelSql(levels);
  }

  #item(value: string, part: boolean): PartialAggregate['item'] {
    if (this.#value !== undefined && this.#value !== WORKED_OUT) return value;
    return part ? '1' : '';
  }

  /** The rules that a combination of values concerns; remembered, because the same combinations come again and again. */
  #concerned(values: readonly string[]): readonly Concerned[] {
    const key = values.join('\0');
    const known = this.#combinations.get(key);
    if (known) return known;
    const record = {
      ...EMPTY,
      ...Object.fromEntries(this.#fields.map((name, index) => [name, values[index]])),
    };
    const concerned = this.rules.flatMap((rule): Concerned[] => {
      const { compiled, guard } = rule;
      if (!guard.run(compiled.matches, record)) return [];
      const part = compiled.part !== undefined && guard.run(compiled.part.matches, record) === true;
      return [{ ...rule, group: groupOf(compiled.labels, record), part }];
    });
    this.#combinationCharacters += key.length;
    if (
      this.#combinations.size >= MAX_COMBINATIONS ||
      this.#combinationCharacters > MAX_COMBINATION_CHARACTERS
    ) {
      this.#combinations.clear();
      this.#combinationCharacters = key.length;
    }
    this.#combinations.set(key, concerned);
    return concerned;
  }
}

function valueSql(value: string | undefined): LabelSql {
  if (value === undefined) return { sql: "''", parameters: {} };
  const { sql, parameters } = labelSql(value, {}, 'v_');
  const text = value === WORKED_OUT ? `substringUTF8(${sql}, 1, ${LABEL_CHARACTERS})` : binSql(sql);
  return { sql: text, parameters };
}

function groupOf(labels: readonly string[], record: StoredRecord): (value: string) => string {
  const text = (value: string) =>
    JSON.stringify(
      labels.map((name) =>
        name === WORKED_OUT ? value : cut(record[name as Exclude<keyof StoredRecord, 'seq'>] as string),
      ),
    );
  if (labels.includes(WORKED_OUT)) return text;
  const always = text('');
  return () => always;
}

/** Cuts a value by code points, as the engine does for other rules. */
function cut(value: string): string {
  return value.length <= LABEL_CHARACTERS ? value : Array.from(value).slice(0, LABEL_CHARACTERS).join('');
}
