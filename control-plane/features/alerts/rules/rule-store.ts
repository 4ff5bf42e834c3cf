import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import type { Rule } from './rule.ts';

export interface StoredRule {
  readonly name: string;
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly updated: number;
  /** Undefined where this version removed the rule. */
  readonly rule: Rule | undefined;
}

const COLUMNS = ['name', 'version', 'updated', 'deleted', 'definition'] as const;
const MAX_RULES = 2_000;

/** The table `alert_rules`: the rules that were made through the API, each change as a version of its own. */
export class RuleStore {
  readonly #clickhouse: ClickHouse;

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** The newest version of each rule. */
  latest(): Promise<StoredRule[]> {
    return this.#select(`ORDER BY name, version DESC LIMIT 1 BY name LIMIT ${MAX_RULES}`, {});
  }

  /** All versions of one rule, the newest first. */
  versions(name: string): Promise<StoredRule[]> {
    return this.#select('WHERE name = {name:String} ORDER BY version DESC LIMIT 100', { name });
  }

  /** Stores a new version; undefined marks the rule as removed. */
  async save(name: string, rule: Rule | undefined): Promise<StoredRule> {
    const [before] = await this.versions(name);
    const stored = { name, version: (before?.version ?? 0) + 1, updated: Date.now(), rule };
    const row = [name, stored.version, stored.updated, rule ? 0 : 1, rule ? JSON.stringify(rule) : ''];
    await this.#clickhouse.insert('alert_rules', COLUMNS, {
      format: 'JSONCompactEachRow',
      pieces: [Buffer.from(`${JSON.stringify(row)}\n`)],
    });
    return stored;
  }

  async #select(clauses: string, parameters: Record<string, string>): Promise<StoredRule[]> {
    const rows = await this.#clickhouse.query<[string, number, number, number, string]>(
      `SELECT ${COLUMNS.join(', ')} FROM alert_rules ${clauses}`,
      { parameters },
    );
    return rows.map(([name, version, updated, deleted, definition]) => ({
      name,
      version,
      updated,
      rule: deleted ? undefined : (JSON.parse(definition) as Rule),
    }));
  }
}
