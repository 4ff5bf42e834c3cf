import { INDEXED_FIELDS, type StoredRecord } from '../../pipeline/record/log-record.ts';
import type { ClickHouse, QueryParameters } from '../../pipeline/store/clickhouse.ts';
import { decodeRow, RECORD_SELECT, type RecordRow } from '../../pipeline/store/columns.ts';
import { type CompiledRule, measuredField, measuresNumbers } from './compile-rule.ts';
import { type Gate, gateOf, gateSql } from './gate.ts';
import { binOf, type Increment } from './increment.ts';
import { labelSql } from './label-sql.ts';
import { LABEL_CHARACTERS, LATEST_SECONDS } from './read-increments.ts';
import { COUNTED_FIELDS, fieldsOf, planOf } from './read-plan.ts';

/** Increments by the index of their rule. */
export type NewIncrements = ReadonlyMap<number, readonly Increment[]>;

const RANGE = 'seq > {after:UInt64} AND seq <= {up_to:UInt64}';
const ARRIVAL = 'intDiv(seq, 1000000)';
/** Older ones than any rule wants are all the same second. */
const OWN = `greatest(least(intDiv(toUnixTimestamp64Milli(timestamp), 1000), ${ARRIVAL}), ${ARRIVAL} - ${LATEST_SECONDS + 1})`;
const LIMITS = { urgent: true, settings: { max_threads: 1, max_execution_time: 30 } };

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

/** What a combination of values is to one rule. */
interface Concerned extends Pick<Increment, 'group' | 'item'> {
  readonly index: number;
  readonly compiled: CompiledRule;
}

const MAX_COMBINATIONS = 20_000;

interface MatchedRule {
  readonly index: number;
  readonly compiled: CompiledRule;
  readonly labels: readonly number[];
  readonly measured: number | undefined;
}

/**
 * Gives each of many rules what new records mean to it, with two statements however many rules there are: a rule of its own
 * costs one about 10 ms, and one statement with 200 conditions takes 200 ms to be analysed alone. The rules' own
 * predicates do the rest in this process, on counts and on the few records that pass a gate.
 */
export class NewRecords {
  readonly #clickhouse: ClickHouse;
  readonly #counted: readonly { readonly index: number; readonly compiled: CompiledRule }[];
  readonly #countedFields: readonly string[];
  readonly #combinations = new Map<string, readonly Concerned[]>();
  readonly #matched: readonly MatchedRule[];
  readonly #labels = new Map<string, { readonly place: number; readonly sql: string }>();
  readonly #labelParameters: Record<string, QueryParameters[string]> = {};
  readonly #gate: ReturnType<typeof gateSql>;

  constructor(clickhouse: ClickHouse, rules: readonly CompiledRule[]) {
    this.#clickhouse = clickhouse;
    const all = rules.map((compiled, index) => ({ index, compiled, plan: planOf(compiled) }));
    this.#counted = all.filter(({ plan }) => plan === 'counted');
    const fields = this.#counted.flatMap(({ compiled }) => fieldsOf(compiled));
    this.#countedFields = [...COUNTED_FIELDS].filter((name) => fields.includes(name));
    const matched = all.filter(({ plan }) => plan === 'matched');
    this.#matched = matched.map(({ index, compiled }) => {
      const measured = measuredField(compiled.rule);
      return {
        index,
        compiled,
        labels: compiled.labels.map((name) => this.#place(name, compiled)),
        measured: measured === undefined ? undefined : this.#place(measured, compiled),
      };
    });
    this.#gate = gateSql(matched.map(({ compiled }) => gateOf(compiled.query) as Gate));
  }

  async read(after: number, upTo: number): Promise<NewIncrements> {
    const found = new Map<number, Increment[]>();
    const add = (index: number, increment: Increment) => {
      const list = found.get(index);
      if (list) list.push(increment);
      else found.set(index, [increment]);
    };
    await Promise.all([
      this.#counted.length > 0 && this.#readCounted(after, upTo, add),
      this.#matched.length > 0 && this.#readMatched(after, upTo, add),
    ]);
    return found;
  }

  async #readCounted(after: number, upTo: number, add: (index: number, increment: Increment) => void) {
    const names = this.#countedFields;
    const rows = await this.#clickhouse.query<[number, number, number, ...string[]]>(
      `SELECT ${[`${OWN} AS at`, `max(${ARRIVAL})`, 'sum(weight)', ...names].join(', ')}
       FROM logs WHERE ${RANGE} GROUP BY ${['at', ...names].join(', ')}`,
      { ...LIMITS, parameters: { after, up_to: upTo } },
    );
    for (const [own, arrival, count, ...values] of rows) {
      for (const { index, compiled, group, item } of this.#concerned(values)) {
        const at = timeFor(compiled, own, arrival);
        if (at !== undefined) add(index, { group, at, item, count });
      }
    }
  }

  /** Which counted rules a combination of values concerns: the same ones come again and again. */
  #concerned(values: readonly string[]): readonly Concerned[] {
    const key = values.join('\0');
    const known = this.#combinations.get(key);
    if (known) return known;
    const record = {
      ...EMPTY,
      ...Object.fromEntries(this.#countedFields.map((name, index) => [name, values[index]])),
    };
    const concerned = this.#counted
      .filter(({ compiled }) => compiled.matches(record))
      .map(({ index, compiled }) => ({
        index,
        compiled,
        group: JSON.stringify(compiled.labels.map((name) => record[name as keyof StoredRecord])),
        item: compiled.part?.matches(record) ? '1' : '',
      }));
    if (this.#combinations.size >= MAX_COMBINATIONS) this.#combinations.clear();
    this.#combinations.set(key, concerned);
    return concerned;
  }

  async #readMatched(after: number, upTo: number, add: (index: number, increment: Increment) => void) {
    const labels = Array.from(
      this.#labels.values(),
      ({ sql }) => `substringUTF8(${sql}, 1, ${LABEL_CHARACTERS})`,
    );
    const rows = await this.#clickhouse.query<RecordRow>(
      `SELECT ${[RECORD_SELECT, 'weight', ...labels].join(', ')} FROM logs WHERE ${RANGE} AND ${this.#gate.sql}`,
      { ...LIMITS, parameters: { after, up_to: upTo, ...this.#gate.parameters, ...this.#labelParameters } },
    );
    for (const row of rows) {
      const record = decodeRow(row);
      const arrival = Math.floor(record.seq / 1e6);
      const own = Math.min(record.timestamp.seconds, arrival);
      const count = Number(row[row.length - labels.length - 1]);
      const value = (place: number) => String(row[row.length - labels.length + place]);
      for (const { index, compiled, labels: places, measured } of this.#matched) {
        const at = compiled.matches(record) ? timeFor(compiled, own, arrival) : undefined;
        if (at === undefined) continue;
        const item = itemFor(compiled, record, measured === undefined ? undefined : value(measured));
        if (item !== undefined) add(index, { group: JSON.stringify(places.map(value)), at, item, count });
      }
    }
  }

  /** Where a label's value stands behind a record's columns; rules that want the same value share it. */
  #place(name: string, { rule }: CompiledRule): number {
    const key = JSON.stringify([name, rule.extract[name]]);
    const known = this.#labels.get(key);
    if (known) return known.place;
    const place = this.#labels.size;
    const { sql, parameters } = labelSql(name, rule.extract, `l${place}_`);
    Object.assign(this.#labelParameters, parameters);
    this.#labels.set(key, { place, sql });
    return place;
  }
}

/** The second at which records count for a rule; undefined where they are history that somebody imports. */
function timeFor({ rule }: CompiledRule, own: number, arrival: number): number | undefined {
  if (rule.kind === 'absence') return arrival;
  return own >= arrival - LATEST_SECONDS ? own : undefined;
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
