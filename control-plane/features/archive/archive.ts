import { createWriteStream } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder, syncFolder } from '../../../pipeline/runtime/make-folder.ts';
import type { ClickHouse, QueryParameters } from '../../../pipeline/store/clickhouse.ts';
import { LOG_COLUMNS } from '../../../pipeline/store/columns.ts';
import { DAY_OF_ARRIVAL } from '../../../pipeline/store/logs-table.ts';
import { LOGS, literal } from '../../../pipeline/store/sql.ts';

const COLUMNS = [...LOG_COLUMNS, { name: 'weight', type: 'UInt32' }];
const NAMES = COLUMNS.map(({ name }) => name).join(', ');
const FILE = /^logs-(\d{4}-\d\d-\d\d)\.parquet$/;
/** In-flight inserts of a day may end after midnight. */
const MAX_INSERT_MILLISECONDS = 300_000;
/** One thread and small blocks, so that a day is written in constant memory. */
const SETTINGS = { max_threads: 1, max_block_size: 4096, output_format_parquet_row_group_size: 50_000 };

/** Days of records in Parquet files, one for each day of arrival, that outlive the table's retention. */
export class Archive {
  /** The view of the files, with the columns of the table of records. */
  readonly view = 'archive';
  readonly #clickhouse: ClickHouse;
  readonly #folder: string;

  /** @param folder absolute path */
  constructor(clickhouse: ClickHouse, folder: string) {
    this.#clickhouse = clickhouse.for('rules');
    this.#folder = folder;
  }

  /** Makes the view that answers. */
  async open(): Promise<void> {
    await makeFolder(this.#folder);
    await this.#clickhouse.command(
      `CREATE OR REPLACE VIEW ${this.view} AS SELECT ${NAMES} FROM ${this.#files('logs-*.parquet')}`,
    );
  }

  /**
   * Writes the files of past days that do not exist yet. Resolves to these days.
   * @param now milliseconds since 1970
   */
  async addDays(now: number, signal: AbortSignal): Promise<string[]> {
    const there = new Set((await readdir(this.#folder)).map((name) => FILE.exec(name)?.[1]));
    const today = new Date(now - MAX_INSERT_MILLISECONDS).toISOString().slice(0, 10);
    const rows = await this.#clickhouse.query<[string]>(
      `SELECT DISTINCT partition FROM system.parts
       WHERE active AND rows > 0 AND database = currentDatabase() AND table = ${literal(LOGS)} ORDER BY partition`,
    );
    const days = rows.flat().filter((day) => day < today && !there.has(day));
    for (const day of days) {
      await this.#write(
        `logs-${day}.parquet`,
        `FROM ${LOGS} WHERE ${DAY_OF_ARRIVAL} = {day:Date}`,
        { day },
        signal,
      );
    }
    return days;
  }

  /** Rewrites the files with matching records without these. @param where SQL condition */
  async deleteWhere(where: string, parameters: QueryParameters, signal?: AbortSignal): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (!FILE.test(name)) continue;
      const from = `FROM ${this.#files(name)}`;
      const options = { parameters, ...(signal && { signal }) };
      const [[found] = [0]] = await this.#clickhouse.query<[number]>(
        `SELECT count() ${from} WHERE ${where}`,
        options,
      );
      if (found > 0) await this.#write(name, `${from} WHERE NOT (${where})`, parameters, signal);
    }
  }

  /** Writes a file atomically. */
  async #write(name: string, from: string, parameters: QueryParameters, signal?: AbortSignal): Promise<void> {
    const path = join(this.#folder, name);
    const partial = `${path}.partial`;
    const chunks = this.#clickhouse.stream(`SELECT ${NAMES} ${from} ORDER BY timestamp, seq`, 'Parquet', {
      parameters,
      settings: SETTINGS,
      ...(signal && { signal }),
    });
    try {
      await pipeline(chunks, createWriteStream(partial, { mode: 0o600, flush: true }));
      await rename(partial, path);
      await syncFolder(this.#folder);
    } finally {
      await rm(partial, { force: true });
    }
  }

  #files(name: string): string {
    const structure = COLUMNS.map((column) => `${column.name} ${column.type}`).join(', ');
    return `file(${literal(join(this.#folder, name))}, 'Parquet', ${literal(structure)})`;
  }
}
