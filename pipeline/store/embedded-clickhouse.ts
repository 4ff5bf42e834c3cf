import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drainPending, Session } from 'chdb';
import { dayOf } from '../sequencer.ts';
import { type ClickHouse, ClickHouseError, parseRows, type QueryOptions } from './clickhouse.ts';
import { Journal } from './journal.ts';
import { setParameters } from './query-parameters.ts';
import { ResourcePool } from './resource-pool.ts';
import { streamFile } from './stream-file.ts';

export interface EmbeddedClickHouseOptions {
  /** Folder of the engine's files; made when it does not exist. One process at a time can hold it. */
  readonly path: string;
  /** Database that all statements work in; made when it does not exist. */
  readonly database: string;
  /** Inserts that run at once. */
  readonly insertSessions?: number;
  /** Queries that run at once; further ones wait. */
  readonly querySessions?: number;
  /** Told of records that are lost because a file is damaged. */
  readonly onDamage?: (message: string) => void;
}

/**
 * A session and the file by which rows come to it: the engine takes binary formats from files only, and a name that is
 * used again needs no new inode.
 */
interface Inserter {
  readonly session: Session;
  readonly path: string;
  /** What is written to the file; it grows as far as it must, and pages once got are used again. */
  bytes: Buffer;
}

/**
 * ClickHouse in this process (npm `chdb`), its tables in a folder.
 *
 * A session runs one statement after the other (measured: `SELECT 1` waited a second behind a slow query
 * of the same session, 5 ms in another one). So inserts, queries and streams have sessions of their own,
 * and each statement gets one that is free.
 */
export function openEmbeddedClickHouse(options: EmbeddedClickHouseOptions): ClickHouse {
  mkdirSync(options.path, { recursive: true });
  const exportFolder = `${options.path}-exports`;
  const insertFolder = `${options.path}-inserts`;
  rmSync(exportFolder, { recursive: true, force: true });
  mkdirSync(insertFolder, { recursive: true });
  const sessions: Session[] = [];
  const openSession = (): Session => {
    const session = new Session(options.path);
    sessions.push(session);
    if (sessions.length === 1) session.query(`CREATE DATABASE IF NOT EXISTS "${options.database}"`);
    session.query(`USE "${options.database}"`);
    return session;
  };
  const openSessions = (count: number) => Array.from({ length: count }, openSession);
  let inserts: ResourcePool<Inserter>;
  let queries: ResourcePool<Session>;
  let urgentQueries: ResourcePool<Session>;
  let streams: ResourcePool<Session>;
  let control: Session;
  let journal: Journal;
  try {
    const inserters = openSessions(options.insertSessions ?? 2).map(
      (session, index): Inserter => ({
        session,
        path: join(insertFolder, String(index)),
        bytes: Buffer.alloc(0),
      }),
    );
    inserts = new ResourcePool('inserts', inserters, 1024);
    queries = new ResourcePool('queries', openSessions(options.querySessions ?? 4), 256);
    urgentQueries = new ResourcePool('live streams', openSessions(2), 10_000);
    streams = new ResourcePool('exports', openSessions(2), 16);
    control = openSession();
    // Behind the sessions, which are refused where another process has the folder.
    journal = new Journal({
      folder: `${options.path}-journal`,
      partitionOf: dayOf,
      // The names stand in the file, so that one of an earlier schema can be stored before that is migrated.
      store: async (path) => {
        const statement = insertFromFile('logs', path, 'Native', WITHOUT_PIECES);
        await inserts.use(({ session }) => execute(session, statement, 'Null'));
      },
      isStored: async (place) => {
        const sql = `SELECT count() FROM logs WHERE seq = ${place}`;
        const result = await inserts.use(({ session }) => execute(session, sql, 'JSONCompactEachRow'));
        return parseRows<[number]>(result.text())[0]![0] > 0;
      },
      isDamage: (error) => toClickHouseError(error).damaged,
      onDamage: options.onDamage ?? (() => {}),
    });
  } catch (error) {
    for (const session of sessions) session.close();
    throw toClickHouseError(error);
  }

  /** Runs a statement so that aborting its signal stops the engine too: `KILL QUERY` finds it by its comment. */
  async function runKillable<T>(
    sql: string,
    { parameters, settings, signal }: QueryOptions,
    start: (sql: string) => Promise<T>,
  ): Promise<T> {
    if (!signal) return start(setParameters(parameters) + withSettings(sql, settings));
    if (signal.aborted) throw ClickHouseError.cancelled();
    const comment = randomUUID();
    const kill = () => {
      const statement = `KILL QUERY WHERE Settings['log_comment'] = '${comment}' ASYNC`;
      control.queryAsync(statement, { format: 'Null' }).catch(() => {});
    };
    signal.addEventListener('abort', kill, { once: true });
    try {
      const statement = withSettings(sql, { ...settings, log_comment: comment });
      return await start(setParameters(parameters) + statement);
    } finally {
      signal.removeEventListener('abort', kill);
    }
  }

  /** What was appended before a statement is stored before it. */
  async function settle({ mayLag, continues }: QueryOptions): Promise<void> {
    if (continues) return;
    try {
      await journal.settle();
    } catch (error) {
      if (!mayLag) throw toClickHouseError(error);
    }
  }

  async function run<T>(
    sql: string,
    options: QueryOptions,
    start: (session: Session, sql: string) => Promise<T>,
  ): Promise<T> {
    await settle(options);
    const pool = options.urgent ? urgentQueries : queries;
    return pool.use(async (session) => {
      try {
        return await runKillable(sql, options, (statement) => start(session, statement));
      } catch (error) {
        throw toClickHouseError(error);
      }
    });
  }

  return {
    cluster: undefined,
    shared: false,
    repeatsInserts: false,
    journaled: journal,

    async append(blocks) {
      try {
        await journal.append(blocks);
      } catch (error) {
        throw toClickHouseError(error);
      }
    },

    async insert(table, columns, { format, pieces }) {
      const target = `${table} (${columns.join(', ')})`;
      await inserts.use(async (inserter) => {
        try {
          await writeFile(inserter.path, gather(inserter, pieces));
          await execute(
            inserter.session,
            insertFromFile(target, inserter.path, format, WITHOUT_PIECES),
            'Null',
          );
        } catch (error) {
          throw toClickHouseError(error);
        }
      });
    },

    query: (sql, queryOptions = {}) =>
      run(sql, queryOptions, async (session, statement) => {
        const result = await execute(session, statement, 'JSONCompactEachRow');
        return parseRows(result.text());
      }),

    async *stream(sql, format, streamOptions = {}) {
      const { parameters, settings, signal } = streamOptions;
      await settle(streamOptions);
      const session = await streams.take();
      try {
        if (signal?.aborted) throw ClickHouseError.cancelled();
        if (WHOLE_FILE_FORMATS.has(format)) {
          yield* streamFile(exportFolder, (path) =>
            runKillable(
              `INSERT INTO FUNCTION file(${quote(path)}, '${format}') ${sql}`,
              streamOptions,
              (statement) => execute(session, statement, 'Null'),
            ),
          );
          return;
        }
        if (parameters) await execute(session, setParameters(parameters), 'Null');
        const chunks = session.queryStream(withSettings(sql, settings), {
          format,
          ...(signal && { signal }),
        });
        for await (const chunk of chunks) yield chunk.raw();
        // An aborted stream just ends.
        if (signal?.aborted) throw ClickHouseError.cancelled();
      } catch (error) {
        throw toClickHouseError(error);
      } finally {
        streams.release(session);
      }
    },

    command: (sql, queryOptions = {}) =>
      run(sql, queryOptions, async (session, statement) => {
        await execute(session, statement, 'Null');
      }),

    async close() {
      await journal.close();
      for (const session of sessions) session.close();
      await drainPending();
    },
  };
}

/**
 * Pieces of messages are left to the background merges: 97 k rows/s, 16.2 µs of CPU a row with them, 98 k and 15.4 without. Words
 * cost a third of that and places nothing; readers of what is new pass over all other parts by these.
 */
const WITHOUT_PIECES = { exclude_materialize_skip_indexes_on_insert: 'by_piece' };

function insertFromFile(
  target: string,
  path: string,
  format: string,
  settings: QueryOptions['settings'],
): string {
  return `${withSettings(`INSERT INTO ${target} FROM INFILE ${quote(path)}`, settings)} FORMAT ${format}`;
}

/**
 * Runs a statement in a session. One that fails leaves what it had put out by then to the session's next statement (measured:
 * rows of a search that was cancelled, in the answer to another question), so another one takes that away.
 */
async function execute(session: Session, sql: string, format: string) {
  try {
    return await session.queryAsync(sql, { format });
  } catch (error) {
    await session.queryAsync('SELECT 1', { format: 'Null' }).catch(() => {});
    throw error;
  }
}

/**
 * Formats with a head or a foot: the engine's stream makes each chunk a whole of its own, so these go by way of a file.
 */
const WHOLE_FILE_FORMATS = new Set(['Parquet']);

function withSettings(sql: string, settings: QueryOptions['settings']): string {
  const pairs = Object.entries(settings ?? {}).map(
    ([name, value]) => `${name} = ${typeof value === 'number' ? value : quote(value)}`,
  );
  return pairs.length === 0 ? sql : `${sql} SETTINGS ${pairs.join(', ')}`;
}

function gather(inserter: Inserter, pieces: readonly Uint8Array[]): Buffer {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length > inserter.bytes.length) inserter.bytes = Buffer.allocUnsafeSlow(Math.ceil(length * 1.5));
  let at = 0;
  for (const piece of pieces) {
    inserter.bytes.set(piece, at);
    at += piece.length;
  }
  const gathered = inserter.bytes.subarray(0, length);
  // An outsize request must not hold its memory for ever.
  if (length > MOST_KEPT_BYTES) inserter.bytes = Buffer.alloc(0);
  return gathered;
}

const MOST_KEPT_BYTES = 32 * 1024 * 1024;

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function toClickHouseError(error: unknown): ClickHouseError {
  if (error instanceof ClickHouseError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { clickhouseCode?: unknown } | undefined)?.clickhouseCode;
  return new ClickHouseError(message, typeof code === 'number' ? code : undefined, error);
}
