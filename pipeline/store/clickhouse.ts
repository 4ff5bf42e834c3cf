import type { Statement } from './statement.ts';

/** Values for `{name:Type}` placeholders; they never enter the SQL text. */
export type QueryParameters = Readonly<Record<string, string | number | bigint | readonly string[]>>;

export interface QueryOptions {
  readonly parameters?: QueryParameters;
  /** ClickHouse settings for this query alone, for instance `max_execution_time`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Aborting stops the engine's work on the query. */
  readonly signal?: AbortSignal;
}

/**
 * The kinds of work in the store. Each has sessions of its own in the embedded engine, so that none waits behind another.
 *
 * - `queries`: queries of users. A statement sees all records that were acknowledged before it; where these cannot be stored now, it sees
 *   the records that are stored (`journaled` shows the difference).
 * - `tails`: live streams and what follows one. A statement sees all records that were acknowledged before it, or rejects.
 * - `rules`: reads for alerts and forwarding, which have the lowest priority. A statement sees the same as one of `tails`.
 * - `exports`: downloads, which take many statements. A statement sees the records that were flushed before it.
 * - `state`: short statements for the server's own tables. Acknowledged records need not be in `logs` for them.
 */
export type Workload = 'queries' | 'tails' | 'rules' | 'exports' | 'state';

/** Rows as bytes in a format of ClickHouse: `Native` for many rows, lines of JSON for few. */
export interface InsertedRows {
  readonly format: 'Native' | 'JSONCompactEachRow';
  readonly pieces: readonly Uint8Array[];
  /** Deduplication token: a server that has stored rows under this token already ignores them. */
  readonly token?: string;
}

/** Tables whose rows come in many small appends. */
export type AppendedTable = 'logs' | 'open_lines';

/** Blocks of rows in the Native format, whose sequence numbers (`seq`) rise by one and lie in one day. */
export interface AppendedBlocks {
  readonly pieces: readonly Uint8Array[];
  readonly count: number;
  /** Sequence number of the last row. */
  readonly last: number;
}

/** Rows that are durable and not yet in a table. */
export interface Journaled {
  readonly rows: number;
  /** Why the rows cannot be stored now; undefined where they can. */
  readonly problem: string | undefined;
  /** Rows that an earlier process stored since then were still in the journal, so a power cut lost none of them; seconds since 1970. */
  readonly completeSince: number;
}

/**
 * The part of ClickHouse that Logplane uses, the same for the engine in this process and for a server.
 * Every method rejects with a `ClickHouseError` when the engine refuses or cannot be reached.
 */
export interface ClickHouse {
  /** The cluster whose machines hold the tables; undefined: there is one machine. */
  readonly cluster: string | undefined;
  /** Other processes may write to the same tables. */
  readonly shared: boolean;
  /** Inserts are repeated with the token of their first attempt, so the tables have to remember tokens. */
  readonly repeatsInserts: boolean;
  /** Rows that were appended and wait to be stored. */
  readonly journaled: Journaled;
  /** The same store for another workload; `open…` and `connect…` return it for `queries`. */
  for(workload: Workload): ClickHouse;
  /**
   * Adds rows to a table, all or none of them. When it resolves, they are durable; every later statement sees those of `logs`, those of
   * `open_lines` only behind `flush`.
   */
  append(table: AppendedTable, rows: AppendedBlocks): Promise<void>;
  /** Resolves when all rows that were appended before are in the table; rejects with the error that prevents it. */
  flush(table: AppendedTable): Promise<void>;
  /**
   * Resolves when all rows that were appended before are in the table on the disk, and not in the journal any more: rows that are
   * deleted afterwards do not come back from the journal at the next start.
   */
  checkpoint(): Promise<void>;
  /** The highest appended sequence number that is known without reading the table, also from earlier processes; 0 for none. */
  lastAppended(): Promise<number>;
  /** Inserts rows, all or none of them; they are durable when it resolves. */
  insert(table: string, columns: readonly string[], rows: InsertedRows): Promise<void>;
  /** Runs a SELECT and returns its rows as arrays in the order of the columns; 64-bit integers are numbers. */
  query<Row extends readonly unknown[]>(sql: string, options?: QueryOptions): Promise<Row[]>;
  /** Runs a SELECT and returns its whole result in a ClickHouse format; the caller has to bound its size. */
  bytes(sql: string, format: string, options?: QueryOptions): Promise<Uint8Array>;
  /** Runs a SELECT and yields its result in a ClickHouse format piece by piece, in constant memory. */
  stream(sql: string, format: string, options?: QueryOptions): AsyncIterable<Uint8Array>;
  /** Runs a statement without a result. A cluster takes no text, which would reach one of its machines only. */
  command(statement: Statement | string, options?: QueryOptions): Promise<void>;
  close(): Promise<void>;
}

/** Codes of `system.errors` for queries that exceed their limits, or are too long to be read. */
const LIMIT_CODES = new Set([158, 159, 160, 167, 168, 241, 306, 307, 396, 718]);
/** The limits that a query with fewer or smaller rows can meet. */
const SIZE_CODES = new Set([241, 396]);
const SYNTAX_CODE = 62;
const MEMORY_CODE = 241;
const RESULT_SIZE_CODE = 396;
const CANCELLED_CODE = 394;
const NO_SPACE_CODE = 243;
/** An exception of the standard library, which the engine passes on as it is. */
const STANDARD_EXCEPTION_CODE = 1001;
/** Codes for damaged files of the store. */
const DAMAGE_CODES = new Set([33, 40, 107, 117, 226, 228, 246, 271, 432]);

export class ClickHouseError extends Error {
  /** ClickHouse's own error code; undefined when no answer came at all. */
  readonly code: number | undefined;
  /** The server did not answer; it may answer later. */
  readonly unreachable: boolean;

  constructor(message: string, code: number | undefined, cause: unknown, unreachable = false) {
    super(message, { cause });
    this.name = 'ClickHouseError';
    this.code = code;
    this.unreachable = unreachable;
  }

  /** The query ran into a limit on time, memory, rows or its own length. */
  get exceedsLimit(): boolean {
    if (this.lacksMemory) return false;
    // A query that is too long is cut, so the engine reports a syntax error.
    if (this.code === SYNTAX_CODE) return this.message.includes('Max query size exceeded');
    return this.code !== undefined && LIMIT_CODES.has(this.code);
  }

  /** The rows of the result, or those that it was made of, are too large together: fewer or smaller ones help. */
  get exceedsBytes(): boolean {
    return this.exceedsLimit && SIZE_CODES.has(this.code!);
  }

  /** All statements together had used the engine's memory; the same statement may succeed later. */
  get lacksMemory(): boolean {
    return this.code === MEMORY_CODE && this.message.includes('(total) memory limit exceeded');
  }

  /** The result has more rows or bytes than the statement allows. */
  get answersTooMuch(): boolean {
    return this.code === RESULT_SIZE_CODE;
  }

  /** Stored data cannot be read. */
  get damaged(): boolean {
    return this.code !== undefined && DAMAGE_CODES.has(this.code);
  }

  /** A file of the store does not exist: its folder was removed, or its disk is not mounted any more. */
  get vanished(): boolean {
    return this.code === STANDARD_EXCEPTION_CODE && /filesystem error.*No such file/.test(this.message);
  }

  /** The disk is full or cannot be written to; an operator has to act. */
  get cannotWrite(): boolean {
    return (
      this.code === NO_SPACE_CODE ||
      /No space left on device|ENOSPC|EDQUOT|Disk quota exceeded|EROFS|Read-only file system/.test(
        this.message,
      )
    );
  }

  static cancelled(): ClickHouseError {
    return new ClickHouseError('the query was cancelled before it began', CANCELLED_CODE, undefined);
  }

  get cancelled(): boolean {
    return this.code === CANCELLED_CODE;
  }
}

/** Parses a result in JSONCompactEachRow: one array a line, without raw line breaks inside. */
export function parseRows<Row extends readonly unknown[]>(text: string): Row[] {
  return JSON.parse(`[${text.trimEnd().replaceAll('\n', ',')}]`) as Row[];
}
