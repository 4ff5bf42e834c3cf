import { overloaded } from '../errors.ts';
import { isTurnOver, nextTurn } from '../loop-turns.ts';
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

/** A letter as it came. */
export interface NewDeadLetter extends Omit<DeadLetter, 'content'> {
  /** Bytes that are no text are kept in base64. */
  readonly content: string | Buffer;
}

const COLUMNS = ['id', 'seq', 'agent', 'source', 'line', 'reason', 'content'] as const;

/** The table `dead_letters`. */
export class DeadLetterStore {
  readonly #clickhouse: ClickHouse;
  readonly #redactText: (text: string) => string;

  /** @param redactText takes secrets out of a text */
  constructor(clickhouse: ClickHouse, redactText: (text: string) => string) {
    this.#clickhouse = clickhouse;
    this.#redactText = redactText;
  }

  /**
   * Resolves when they are durable.
   * @throws LogplaneError `overloaded` when the store cannot take them now
   */
  async add(letters: readonly NewDeadLetter[]): Promise<void> {
    const rows: string[] = [];
    for (const letter of letters) {
      if (isTurnOver()) await nextTurn();
      const { id, receivedAt, agent, source, line } = letter;
      const { content, reason } = this.#redact(letter);
      // The engine takes no half of a surrogate pair, and a reason may quote one.
      const [by, why, what] = [this.#redactText(agent), reason, content].map((text) => text.toWellFormed());
      rows.push(JSON.stringify([id, receivedAt, by, source, line, why, what]));
    }
    try {
      await this.#clickhouse.insert('dead_letters', COLUMNS, {
        format: 'JSONCompactEachRow',
        pieces: [Buffer.from(`${rows.join('\n')}\n`)],
      });
    } catch (error) {
      throw overloaded('what cannot be read could not be kept; send it again', error);
    }
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

  #redact({ content, reason }: NewDeadLetter): { content: string; reason: string } {
    const text = typeof content === 'string' ? content.toWellFormed() : content.toString('latin1');
    const redacted = this.#redactText(text);
    return {
      content: typeof content === 'string' ? redacted : Buffer.from(redacted, 'latin1').toString('base64'),
      // A reason may quote a piece of what it is about, of a secret too.
      reason: redacted === text ? reason : reason.split(/[:,] /, 1)[0]!,
    };
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
