import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';

const COLUMNS = ['name', 'updated', 'place', 'note'] as const;

/** The table `alert_positions`: up to which sequence number each named reader has come (column `place`). */
export class PositionStore {
  readonly #clickhouse: ClickHouse;
  #updated = 0;

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** The saved position; undefined where nothing was saved. */
  async find(name: string): Promise<{ seq: number; note: string } | undefined> {
    const [row] = await this.#clickhouse.query<[number, string]>(
      'SELECT place, note FROM alert_positions FINAL WHERE name = {name:String}',
      { parameters: { name } },
    );
    return row && { seq: row[0], note: row[1] };
  }

  async save(name: string, seq: number, note = ''): Promise<void> {
    this.#updated = Math.max(this.#updated + 1, Date.now() * 1000);
    const row = JSON.stringify([name, this.#updated, seq, note]);
    await this.#clickhouse.insert('alert_positions', COLUMNS, {
      format: 'JSONCompactEachRow',
      pieces: [Buffer.from(`${row}\n`)],
    });
  }
}
