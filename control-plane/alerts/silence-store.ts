import { randomUUID } from 'node:crypto';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
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
      { urgent: true },
    );
    return rows.map(([id, definition]) => ({ id, ...(JSON.parse(definition) as Silence) }));
  }

  async add(silence: Silence): Promise<StoredSilence> {
    const id = randomUUID();
    await this.#write(id, false, silence);
    return { id, ...silence };
  }

  /** False where there is none with this id. */
  async remove(id: string): Promise<boolean> {
    const found = (await this.list()).find((silence) => silence.id === id);
    if (!found) return false;
    await this.#write(id, true, found);
    return true;
  }

  async #write(id: string, deleted: boolean, silence: Silence): Promise<void> {
    const row = [id, Date.now(), deleted ? 1 : 0, JSON.stringify(silence)];
    await this.#clickhouse.insert('alert_silences', COLUMNS, {
      format: 'JSONCompactEachRow',
      pieces: [Buffer.from(`${JSON.stringify(row)}\n`)],
    });
  }
}
