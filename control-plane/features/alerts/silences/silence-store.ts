import { randomUUID } from 'node:crypto';
import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import type { Silence } from './silence.ts';

export type StoredSilence = Silence & { readonly id: string };

const COLUMNS = ['id', 'updated', 'deleted', 'definition'] as const;
const MAX_SILENCES = 1_000;

/** The table `alert_silences`. */
export class SilenceStore {
  readonly #clickhouse: ClickHouse;

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  async list(): Promise<StoredSilence[]> {
    const rows = await this.#clickhouse.query<[string, string]>(
      `SELECT id, definition FROM alert_silences FINAL WHERE NOT deleted ORDER BY updated DESC LIMIT ${MAX_SILENCES}`,
    );
    return rows.map(([id, definition]) => ({ id, ...(JSON.parse(definition) as Silence) }));
  }

  async add(silence: Silence): Promise<StoredSilence> {
    const id = randomUUID();
    await this.#write(id, false, silence);
    return { id, ...silence };
  }

  /** Removes a silence; false where there is none with this id. */
  async remove(id: string): Promise<boolean> {
    const [found] = await this.#clickhouse.query<[number, string]>(
      'SELECT updated, definition FROM alert_silences FINAL WHERE NOT deleted AND id = {id:String}',
      { parameters: { id } },
    );
    if (!found) return false;
    const [updated, definition] = found;
    // The clock of the server that added it may be ahead of this one.
    await this.#write(id, true, JSON.parse(definition) as Silence, updated + 1);
    return true;
  }

  async #write(id: string, deleted: boolean, silence: Silence, least = 0): Promise<void> {
    const row = [id, Math.max(Date.now(), least), deleted ? 1 : 0, JSON.stringify(silence)];
    await this.#clickhouse.insert('alert_silences', COLUMNS, {
      format: 'JSONCompactEachRow',
      pieces: [Buffer.from(`${JSON.stringify(row)}\n`)],
    });
  }
}
