import { unavailable } from '../runtime/errors.ts';
import { isTimeSliceOver, yieldToEventLoop } from '../runtime/event-loop.ts';
import { changeRows } from './change-rows.ts';
import type { ClickHouse, QueryParameters } from './clickhouse.ts';
import { createBase64Writer, cutContent, headOf } from './letter-pieces.ts';
import { deleteRows } from './statement.ts';

/** A part of a request that could not be read as a record, kept so that nothing is lost. */
export interface DeadLetter {
  /** The same whenever the request is repeated, so that a letter is kept once. */
  readonly id: string;
  /** Microseconds since 1970. */
  readonly receivedAt: number;
  readonly agent: string;
  readonly source: string;
  /** Number of the record in the request, from 1; 0 stands for the whole body. */
  readonly line: number;
  readonly reason: string;
  /** The beginning of its content, at most `HEAD_BYTES`. */
  readonly head: string;
  /** Size of the whole content. */
  readonly contentBytes: number;
}

/** A dead letter that is to be stored. */
export interface NewDeadLetter extends Omit<DeadLetter, 'head' | 'contentBytes'> {
  /** A buffer is content that is no text; it is kept in base64. */
  readonly content: string | Buffer;
}

/** Bytes of each content that a list shows. */
export const HEAD_BYTES = 1000;
/** Characters of the rows of one insert. */
const INSERT_LENGTH = 4 * 1024 * 1024;
/** Characters per read of a letter that an earlier release stored in one row; divisible by four because of base64. */
const READ_LENGTH = 256 * 1024;

const COLUMNS = ['id', 'seq', 'agent', 'source', 'line', 'reason', 'content', 'content_bytes'] as const;
const PIECE_COLUMNS = ['id', 'piece', 'seq', 'content'] as const;
/** Makes the engine read few rows at once, because rows of earlier releases may be as large as a body. */
const FEW_ROWS = { max_threads: 1, max_block_size: 1024 };

type Row = [string, number, string, string, number, string, string, number];

/**
 * The table `dead_letters` with the beginning of each content, and `dead_letter_pieces` with the rest in pieces, so that neither a
 * statement nor this process ever holds the whole of a large content.
 */
export class DeadLetterStore {
  readonly #clickhouse: ClickHouse;
  readonly #redactText: (text: string) => string;

  /** @param redactText replaces the secrets in a text */
  constructor(clickhouse: ClickHouse, redactText: (text: string) => string) {
    this.#clickhouse = clickhouse;
    this.#redactText = redactText;
  }

  /**
   * Resolves when the letters are durable. A letter that is added again replaces the earlier one.
   * @throws LogplaneError `unavailable` when the store cannot take them now
   */
  async add(letters: readonly NewDeadLetter[]): Promise<void> {
    const heads = new RowBatch((rows) => this.#insert('dead_letters', COLUMNS, rows));
    try {
      // The head makes a letter visible, so the pieces go first.
      for (const letter of letters) await heads.add(await this.#addPieces(letter));
      await heads.end();
    } catch (error) {
      throw unavailable('dead letters could not be stored; send the request again', error);
    }
  }

  /** The newest letters, the latest first. */
  list(limit: number): Promise<DeadLetter[]> {
    const order = 'ORDER BY seq DESC, line LIMIT 1 BY id LIMIT {limit:UInt32}';
    // Only the contents of the letters that are shown are read.
    return this.#select(`WHERE id IN (SELECT id FROM dead_letters ${order}) ${order}`, { limit });
  }

  async find(id: string): Promise<DeadLetter | undefined> {
    const [letter] = await this.#select('WHERE id = {id:String} ORDER BY seq DESC LIMIT 1', { id });
    return letter;
  }

  /** Yields the content in parts that end between characters and between groups of base64. */
  async *content(id: string): AsyncGenerator<string> {
    const read = async (sql: string, at: number) => {
      const options = { parameters: { id, at }, settings: FEW_ROWS };
      const [[text] = [undefined]] = await this.#clickhouse.query<[string]>(sql, options);
      return text;
    };
    const head = `SELECT substringUTF8(content, {at:UInt64}, ${READ_LENGTH}) FROM dead_letters WHERE id = {id:String} ORDER BY seq DESC LIMIT 1`;
    for (let at = 1; ; at += READ_LENGTH) {
      const text = await read(head, at);
      if (text) yield text;
      if (text === undefined || text.length < READ_LENGTH) break;
    }
    const pieces =
      'SELECT content FROM dead_letter_pieces WHERE id = {id:String} AND piece = {at:UInt32} ORDER BY seq DESC LIMIT 1';
    for (let piece = 0; ; piece++) {
      const text = await read(pieces, piece);
      if (text === undefined) return;
      yield text;
    }
  }

  async remove(id: string): Promise<void> {
    for (const table of ['dead_letters', 'dead_letter_pieces'])
      await changeRows(this.#clickhouse, deleteRows(table, 'id = {id:String}'), {
        parameters: { id },
      });
  }

  /** Stores the pieces behind the head of a letter. @returns the row of the head */
  async #addPieces({ id, receivedAt, agent, source, line, reason, content }: NewDeadLetter): Promise<string> {
    const base64 = typeof content === 'string' ? undefined : createBase64Writer();
    const pieces = new RowBatch((rows) => this.#insert('dead_letter_pieces', PIECE_COLUMNS, rows));
    let head = '';
    let isHeadFull = false;
    let bytes = 0;
    let count = 0;
    let isRedacted = false;
    const keep = async (text: string) => {
      bytes += Buffer.byteLength(text);
      const start = isHeadFull ? '' : headOf(text, HEAD_BYTES - Buffer.byteLength(head));
      head += start;
      isHeadFull ||= start.length < text.length;
      if (start.length < text.length)
        await pieces.add(JSON.stringify([id, count++, receivedAt, text.slice(start.length)]));
    };
    for (const piece of cutContent(content)) {
      if (isTimeSliceOver()) await yieldToEventLoop();
      const redacted = this.#redactText(piece.toWellFormed());
      isRedacted ||= redacted !== piece.toWellFormed();
      await keep(base64 ? base64.add(redacted) : redacted);
    }
    if (base64) await keep(base64.end());
    await pieces.end();
    // A reason may quote a part of the content: of a secret too, or half of a surrogate pair, which the engine does not take.
    const why = (isRedacted ? withoutQuote(reason) : reason).toWellFormed();
    const by = this.#redactText(agent).toWellFormed();
    return JSON.stringify([id, receivedAt, by, source, line, why, head, bytes]);
  }

  #insert(table: string, columns: readonly string[], rows: readonly string[]): Promise<void> {
    return this.#clickhouse.insert(table, columns, {
      format: 'JSONCompactEachRow',
      pieces: [Buffer.from(`${rows.join('\n')}\n`)],
    });
  }

  async #select(clauses: string, parameters: QueryParameters): Promise<DeadLetter[]> {
    const rows = await this.#clickhouse.query<Row>(
      `SELECT id, seq, agent, source, line, reason, substring(content, 1, ${HEAD_BYTES + 3}), content_bytes
       FROM dead_letters ${clauses}`,
      { parameters, settings: FEW_ROWS },
    );
    return rows.map(([id, receivedAt, agent, source, line, reason, start, contentBytes]) => ({
      id,
      receivedAt,
      agent,
      source,
      line,
      reason,
      head: headOf(start, HEAD_BYTES),
      contentBytes,
    }));
  }
}

/** The reason without the part of the content that it may quote, which may be a secret. */
export function withoutQuote(reason: string): string {
  return reason.split(/[:,] /, 1)[0]!;
}

/** Gathers rows, as JSON, and inserts them when there are enough for one insert. */
class RowBatch {
  readonly #insert: (rows: readonly string[]) => Promise<void>;
  #rows: string[] = [];
  #length = 0;

  constructor(insert: (rows: readonly string[]) => Promise<void>) {
    this.#insert = insert;
  }

  async add(row: string): Promise<void> {
    this.#rows.push(row);
    this.#length += row.length;
    if (this.#length >= INSERT_LENGTH) await this.end();
  }

  async end(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    this.#length = 0;
    if (rows.length > 0) await this.#insert(rows);
  }
}
