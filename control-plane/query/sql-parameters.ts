import type { QueryParameters } from '../../pipeline/store/clickhouse.ts';

/** Collects the values of a statement as typed placeholders; equal values share one. */
export class SqlParameters {
  readonly #prefix: string;
  readonly #values: Record<string, string | number | bigint | readonly string[]> = {};
  readonly #names = new Map<string, string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get values(): QueryParameters {
    return this.#values;
  }

  /** Adds a value. @returns its placeholder for the SQL text */
  add(type: 'String' | 'Float64' | 'Int64', value: string | number | bigint): string {
    const key = `${type} ${value}`;
    let name = this.#names.get(key);
    if (name === undefined) {
      name = `${this.#prefix}${this.#names.size}`;
      this.#names.set(key, name);
      this.#values[name] = value;
    }
    return `{${name}:${type}}`;
  }

  /** Adds values for `IN (…)`. */
  strings(values: readonly string[]): string {
    if (values.length === 1) return this.string(values[0]!);
    const name = `${this.#prefix}${this.#names.size}`;
    this.#names.set(`list ${name}`, name);
    this.#values[name] = values;
    return `{${name}:Array(String)}`;
  }

  string(value: string): string {
    return this.add('String', value);
  }
}
