import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drainPending, Session } from 'chdb';
import { LogplaneError } from '../runtime/errors.ts';
import {
  type AppendedTable,
  type ClickHouse,
  ClickHouseError,
  parseRows,
  type QueryOptions,
  type Workload,
} from './clickhouse.ts';
import { type EngineMemory, engineArguments, querySettings, withinShare } from './engine-memory.ts';
import { execute, setParameters, toClickHouseError, withSettings } from './engine-session.ts';
import { FileInserts } from './file-inserts.ts';
import { FileSystemSync } from './file-system-sync.ts';
import { Journal, type JournalOptions } from './journal.ts';
import { dayOf } from './live/sequencer.ts';
import { ResourcePool } from './resource-pool.ts';
import { literal } from './sql.ts';
import { compileStatement } from './statement.ts';
import { streamFile } from './stream-file.ts';

export interface EmbeddedClickHouseOptions {
  /** Folder of the engine's files; made when it does not exist. One process at a time can hold it. */
  readonly path: string;
  /** Database that all statements work in; made when it does not exist. */
  readonly database: string;
  /** Inserts that run at once. */
  readonly insertSessions?: number;
  /** Users' queries that run at once; further ones wait. Default: as many as `memory` allows, else 4. */
  readonly querySessions?: number;
  /** Default: the memory of the machine, for programs that do one thing and end. */
  readonly memory?: EngineMemory;
  /** Whether acknowledged records survive a power cut; otherwise they survive the end of the process alone. */
  readonly fsync?: boolean;
  /** Called with a sentence for each loss, or possible loss, of acknowledged records. */
  readonly onDamage?: (message: string) => void;
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
  rmSync(exportFolder, { recursive: true, force: true });
  const configFile = join(options.path, 'config.xml');
  writeFileSync(configFile, CONFIG);
  const sessions: Session[] = [];
  const { memory } = options;
  const openSession = (): Session => {
    const memoryArguments = memory ? engineArguments(memory) : [];
    const session = new Session(options.path, {
      connectionArgs: [`--config-file=${configFile}`, ...memoryArguments],
    });
    sessions.push(session);
    if (sessions.length === 1) session.query(`CREATE DATABASE IF NOT EXISTS "${options.database}"`);
    session.query(`USE "${options.database}"`);
    return session;
  };
  const openSessions = (count: number) => Array.from({ length: count }, openSession);
  const openReaders = (name: string, count: number, maxWaiting: number) => {
    const opened = openSessions(count);
    if (memory) for (const session of opened) session.query(querySettings(memory));
    return new ResourcePool(name, opened, maxWaiting);
  };
  let inserts: FileInserts;
  let workloads: Readonly<Record<Workload, ResourcePool<Session>>>;
  let control: Session;
  let journals: Readonly<Record<AppendedTable, Journal>>;
  const fileSystem = new FileSystemSync(options.path);
  const fsync = options.fsync ?? true;
  try {
    inserts = new FileInserts(openSessions(options.insertSessions ?? 2), `${options.path}-inserts`);
    workloads = {
      queries: openReaders('queries', options.querySessions ?? memory?.queries ?? 4, 256),
      tails: openReaders('reads of live streams', 2, 10_000),
      rules: openReaders('reads of rules', 2, 1_000),
      exports: openReaders('exports', 2, 256),
      state: openReaders("statements on the server's own tables", 2, 1_000),
    };
    control = openSession();
    // After the sessions, which cannot be opened where another process has the folder.
    const openJournal = (
      table: AppendedTable,
      own: Pick<JournalOptions, 'folder' | 'partitionOf' | 'syncTables' | 'gatherMilliseconds'>,
    ) =>
      new Journal({
        store: (path) => inserts.insertFile(table, path),
        isStored: (first, last) => inserts.hasRows(table, first, last),
        isDamage: (error) => toClickHouseError(error).damaged,
        onDamage: options.onDamage ?? (() => {}),
        syncAppends: fsync,
        ...own,
      });
    journals = {
      logs: openJournal('logs', {
        folder: `${options.path}-journal`,
        partitionOf: dayOf,
        syncTables: async () => {
          if (fsync) await fileSystem.run();
        },
      }),
      open_lines: openJournal('open_lines', {
        folder: `${options.path}-open-lines`,
        partitionOf: () => 0,
        // The engine syncs this table's inserts by itself, and nobody reads it before the next start.
        syncTables: async () => {},
        gatherMilliseconds: OPEN_LINES_GATHER_MS,
      }),
    };
  } catch (error) {
    for (const session of sessions) session.close();
    throw toClickHouseError(error);
  }

  /** Runs a statement and stops the engine's work when its signal is aborted: `KILL QUERY` finds the statement by its comment. */
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

  const flush = (table: AppendedTable = 'logs') => withOwnErrors(journals[table].flush());

  /** What has to be stored before a statement of each workload. */
  const flushFor: Readonly<Record<Workload, () => Promise<void>>> = {
    queries: () => flush().catch(() => {}),
    tails: flush,
    rules: flush,
    exports: async () => {},
    state: async () => {},
  };

  async function run<T>(
    workload: Workload,
    sql: string,
    { settings, ...options }: QueryOptions,
    start: (session: Session, sql: string) => Promise<T>,
  ): Promise<T> {
    await flushFor[workload]();
    const bounded = { ...options, settings: withinShare({ ...SETTINGS[workload], ...settings }, memory) };
    try {
      return await workloads[workload].use(
        (session) => runKillable(sql, bounded, (statement) => start(session, statement)),
        options.signal,
      );
    } catch (error) {
      throw toRefusal(error, options.signal);
    }
  }

  const handles = new Map<Workload, ClickHouse>();
  const openHandle = (workload: Workload): ClickHouse => ({
    cluster: undefined,
    shared: false,
    repeatsInserts: false,
    journaled: journals.logs,
    for: (other) => handles.get(other)!,
    flush,
    lastAppended: () => journals.logs.last(),

    checkpoint: () => withOwnErrors(journals.logs.checkpoint()),
    append: (table, blocks) => withOwnErrors(journals[table].append(blocks)),
    insert: (table, columns, rows) => withOwnErrors(inserts.insert(table, columns, rows)),

    query: (sql, queryOptions = {}) =>
      run(workload, sql, queryOptions, async (session, statement) => {
        const result = await execute(session, statement, 'JSONCompactEachRow');
        return parseRows(result.text());
      }),

    bytes: (sql, format, queryOptions = {}) =>
      run(workload, sql, queryOptions, async (session, statement) =>
        (await execute(session, statement, format)).bytes(),
      ),

    /** The result goes through a file: over damaged parts chdb's own streams never end, and keep their session. */
    async *stream(sql, format, streamOptions = {}) {
      await flushFor[workload]();
      yield* streamFile(exportFolder, (path) =>
        run(
          'exports',
          `INSERT INTO FUNCTION file(${literal(path)}, '${format}') ${sql}`,
          streamOptions,
          (session, statement) => execute(session, statement, 'Null'),
        ),
      );
    },

    async command(statement, queryOptions = {}) {
      for (const sql of compileStatement(statement, undefined))
        await run(workload, sql, queryOptions, (session, text) => execute(session, text, 'Null'));
    },

    async close() {
      for (const journal of Object.values(journals)) await journal.close();
      await fileSystem.close();
      for (const session of sessions) session.close();
      await drainPending();
    },
  });
  for (const workload of WORKLOADS) handles.set(workload, openHandle(workload));
  return handles.get('queries')!;
}

/** Translates errors of the engine into the product's own. */
function withOwnErrors(work: Promise<void>): Promise<void> {
  return work.catch((error: unknown) => {
    throw toClickHouseError(error);
  });
}

/** A caller that left while it waited for a session is no defect, and a wait without a free session is no fault of the engine. */
function toRefusal(error: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted) return ClickHouseError.cancelled();
  return error instanceof LogplaneError ? error : toClickHouseError(error);
}

/** How long open lines wait before they are inserted into their table: an insert costs 7 ms of CPU and a sync for each of its files. */
const OPEN_LINES_GATHER_MS = 10_000;

const WORKLOADS = ['queries', 'tails', 'rules', 'exports', 'state'] as const;

/**
 * Ingest and live streams get the cores first, where the process may set priorities (CAP_SYS_NICE). Inserts have the
 * priority of ingest, because queries wait for them: with inserts at 10 and reads of rules at 5, a count beside 60,000 records/s took p50
 * 71 to 91 ms and p99 350 to 700; with 0 and 15 it takes 60 to 73 and 175 to 220.
 */
const SETTINGS: Readonly<Record<Workload, QueryOptions['settings']>> = {
  queries: {},
  tails: {},
  rules: { os_thread_priority: 15 },
  exports: {},
  state: {},
};

/**
 * A power cut damages every part that was not synced, and by default the engine does not open a table with more than 100 damaged
 * parts. With this setting it detaches them, however many they are. The setting has to be in force before a table is opened.
 */
const CONFIG = `<clickhouse>
  <merge_tree>
    <max_suspicious_broken_parts>1000000000</max_suspicious_broken_parts>
    <max_suspicious_broken_parts_bytes>1000000000000000000</max_suspicious_broken_parts_bytes>
  </merge_tree>
</clickhouse>
`;
