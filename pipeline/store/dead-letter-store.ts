import type { ClickHouse, QueryParameters } from './clickhouse.ts';

/** A piece of a request that could not be read as a record, kept so that nothing is lost. */
export interface DeadLetter {
  /** The same for each repetition of the request, so that a letter is kept once. */
  readonly id: string;
  /** Microseconds since 1970. */
  readonly receivedAt: number;
  readonly agent: string;
  readonly source: string;
  /** Which record of the request, from 1; 0 stands for the whole body. */
  readonly line: number;
  readonly reason: string;
  readonly content: string;
}

const COLUMNS = ['id', 'seq', 'agent', 'source', 'line', 'reason', 'content'] as const;

/** The table `dead_letters`. */
export class DeadLetterStore {
  readonly #clickhouse: ClickHouse;

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** Resolves when they are durable. */
  async add(letters: readonly DeadLetter[]): Promise<void> {
    const rows = letters.map(({ id, receivedAt, agent, source, line, reason, content }) =>
      JSON.stringify([id, receivedAt, agent, source, line, reason, content.toWellFormed()]),
    );
    await this.#clickhouse.insert('dead_letters', COLUMNS, {
      format: 'JSONCompactEachRow',
      pieces: [Buffer.from(`${rows.join('\n')}\n`)],
    });
  }

  /** The newest first. */
  list(limit: number): Promise<DeadLetter[]> {
    return this.#select('ORDER BY seq DESC, line LIMIT {limit:UInt32}', { limit });
  }

  async find(id: string): Promise<DeadLetter | undefined> {
    const [letter] = await this.#select('WHERE id = {id:String}', { id });
    return letter;
  }

  async remove(id: string): Promise<void> {
    await this.#clickhouse.command('DELETE FROM dead_letters WHERE id = {id:String}', { parameters: { id } });
  }

  async #select(clauses: string, parameters: QueryParameters): Promise<DeadLetter[]> {
    const rows = await this.#clickhouse.query<[string, number, string, string, number, string, string]>(
      `SELECT ${COLUMNS.join(', ')} FROM dead_letters FINAL ${clauses}`,
      { parameters },
    );
    return rows.map(([id, receivedAt, agent, source, line, reason, content]) => ({
      id,
      receivedAt,
      agent,
      source,
      line,
      reason,
      content,
    }));
  }
}
