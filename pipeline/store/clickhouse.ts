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
 * Who asks. Each workload has sessions of its own in the embedded engine, so that none waits behind another.
 *
 * - `queries`: what a user asks. A statement sees all that was acknowledged before it, or where that cannot be stored now, what there is
 *   without it (`journaled` says so).
 * - `tails`: live streams and what follows one. A statement sees all that was acknowledged before it, or rejects.
 * - `rules`: what is read for alerts and forwarding; it comes after everybody else. It sees the same as `tails`.
 * - `exports`: what a user takes away as a whole, statement by statement. A statement sees what was flushed before it.
 * - `state`: the server's own tables, short statements. What is acknowledged need not be in `logs` for them.
 */
export type Workload = 'queries' | 'tails' | 'rules' | 'exports' | 'state';

/** Bytes in pieces, in a format of ClickHouse: `Native` where much is written, lines of JSON where it is little. */
export interface InsertedRows {
  readonly format: 'Native' | 'JSONCompactEachRow';
  readonly pieces: readonly Uint8Array[];
  /** A server that has stored rows under this token already passes these over. */
  readonly token?: string;
}

/** Blocks of rows in the Native format, whose places (`seq`) rise by one and lie in one day. */
export interface AppendedBlocks {
  readonly pieces: readonly Uint8Array[];
  readonly count: number;
  /** The place of the last row. */
  readonly last: number;
}

/** Rows that are durable and not yet in a table. */
export interface Journaled {
  readonly rows: number;
  /** Why they cannot be stored now. */
  readonly problem: string | undefined;
  /** What an earlier process stored since then is stored again where a power cut took it; seconds since 1970. */
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
  /** Inserts may be sent again with the token of their first attempt, which the tables have to remember. */
  readonly repeatsInserts: boolean;
  /** What was appended and waits to be stored. */
  readonly journaled: Journaled;
  /** The same store for who asks; what `open…` and `connect…` give is for `queries`. */
  for(workload: Workload): ClickHouse;
  /** Adds rows to the table `logs`, all or none of them: durable when it resolves, and seen by every statement from then on. */
  append(rows: AppendedBlocks): Promise<void>;
  /** Resolves when all rows that were appended before are in their table; rejects with what hinders it. */
  flush(): Promise<void>;
  /**
   * Resolves when all rows that were appended before are in their table on the disk itself, and nowhere else: deleted then, they do not
   * come back from the journal at the next start.
   */
  checkpoint(): Promise<void>;
  /** The highest sequence number that `append` was given before, also by an earlier process, as far as is known without the table. */
  lastAppended(): Promise<number>;
  /** Inserts rows, all or none of them, durable when it resolves. */
  insert(table: string, columns: readonly string[], rows: InsertedRows): Promise<void>;
  /** Runs a SELECT and gives its rows as arrays in column order; 64-bit integers come as numbers. */
  query<Row extends readonly unknown[]>(sql: string, options?: QueryOptions): Promise<Row[]>;
  /** Runs a SELECT and gives its result in a ClickHouse format, in memory as a whole: who asks bounds it. */
  bytes(sql: string, format: string, options?: QueryOptions): Promise<Uint8Array>;
  /** Runs a SELECT and gives the file of its result in a ClickHouse format piece by piece, in constant memory. */
  stream(sql: string, format: string, options?: QueryOptions): AsyncIterable<Uint8Array>;
  /** Runs a statement without a result. What makes or changes a table is a `Statement`; a text reaches one machine of a cluster only. */
  command(statement: Statement | string, options?: QueryOptions): Promise<void>;
  close(): Promise<void>;
}

/** Codes of `system.errors` that mean that a query asked for more than its limits allow, or was too long to be read. */
const LIMIT_CODES = new Set([158, 159, 160, 167, 168, 241, 306, 307, 396, 718]);
/** Those of them that fewer or smaller rows help against. */
const SIZE_CODES = new Set([241, 396]);
const SYNTAX_CODE = 62;
const MEMORY_CODE = 241;
const RESULT_SIZE_CODE = 396;
const CANCELLED_CODE = 394;
const NO_SPACE_CODE = 243;
/** Codes that mean that files of the store do not hold what they should. */
const DAMAGE_CODES = new Set([33, 40, 107, 117, 226, 228, 246, 271, 432]);

export class ClickHouseError extends Error {
  /** ClickHouse's own error code; undefined when no answer came at all. */
  readonly code: number | undefined;
  /** The server gave no answer; it may give one later. */
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
    // What is longer than the engine reads has the code of a mistake in what it read of it.
    if (this.code === SYNTAX_CODE) return this.message.includes('Max query size exceeded');
    return this.code !== undefined && LIMIT_CODES.has(this.code);
  }

  /** Fewer or smaller rows help: those of the result, or those that it was made of, are too large together. */
  get exceedsBytes(): boolean {
    return this.exceedsLimit && SIZE_CODES.has(this.code!);
  }

  /** All statements together had taken what the engine may take; the same statement may succeed later. */
  get lacksMemory(): boolean {
    return this.code === MEMORY_CODE && this.message.includes('(total) memory limit exceeded');
  }

  /** The answer has more rows or bytes than one may have. */
  get answersTooMuch(): boolean {
    return this.code === RESULT_SIZE_CODE;
  }

  /** Stored data cannot be read. */
  get damaged(): boolean {
    return this.code !== undefined && DAMAGE_CODES.has(this.code);
  }

  /** There is no room on the disk, or nothing may be written to it: somebody has to see to it. */
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

/** Reads a result in JSONCompactEachRow: one array per line, raw newlines never inside one. */
export function parseRows<Row extends readonly unknown[]>(text: string): Row[] {
  return JSON.parse(`[${text.trimEnd().replaceAll('\n', ',')}]`) as Row[];
}
