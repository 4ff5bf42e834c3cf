import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { ClickHouseLogLevel, createClient, ClickHouseError as ServerError } from '@clickhouse/client';
import { type ClickHouse, ClickHouseError, parseRows, type QueryOptions } from './clickhouse.ts';
import { LOG_COLUMN_NAMES } from './columns.ts';
import { OPEN_LINE_COLUMNS } from './open-line-block.ts';
import { retryPassing } from './retry.ts';
import { compileStatement, onCluster } from './statement.ts';

export interface ClickHouseServerOptions {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Database that all statements work in; made when it does not exist. */
  readonly database: string;
  /** The cluster in the server's configuration whose machines hold the tables; undefined: this server alone. */
  readonly cluster?: string | undefined;
  /** Milliseconds for which an insert is repeated while the server cannot take it. */
  readonly retryMs?: number;
}

/** Older servers have no index of words, or do not use it for a part of a word and would read every message. */
const MIN_VERSION = [26, 7] as const;
const REQUEST_MILLISECONDS = 60_000;
/** Bytes of the server's memory that one SELECT may use. */
const QUERY_MEMORY = { max_memory_usage: '500000000' } as const;
/** A SELECT is retried only this long after a broken connection, because a person waits for its result. */
const QUERY_RETRY_MILLISECONDS = 500;

/**
 * Connects to a ClickHouse server or cluster over HTTP. An insert that fails for a temporary reason is repeated
 * with the deduplication token of the first attempt, so that the server stores it once.
 * @throws ClickHouseError where the server cannot be reached or refuses; Error where it is too old
 */
export async function connectClickHouseServer(options: ClickHouseServerOptions): Promise<ClickHouse> {
  const { url, cluster, database, retryMs = 10_000 } = options;
  const connection = {
    url,
    username: options.user,
    password: options.password,
    // Callers get each error; the client would print it as well.
    log: { level: ClickHouseLogLevel.OFF },
  };
  const setup = createClient({ ...connection, request_timeout: REQUEST_MILLISECONDS });
  try {
    const version = await withOwnErrors(async () => {
      const result = await setup.query({ query: 'SELECT version()', format: 'JSONCompactEachRow' });
      return String((parseRows<[string]>(await result.text())[0] ?? [''])[0]);
    });
    checkVersion(version);
    await withOwnErrors(() =>
      setup.command({ query: `CREATE DATABASE IF NOT EXISTS "${database}"${onCluster(cluster)}` }),
    );
  } finally {
    await setup.close();
  }
  const client = createClient({
    ...connection,
    database,
    request_timeout: REQUEST_MILLISECONDS,
    max_open_connections: 16,
    ...(cluster !== undefined && { clickhouse_settings: CLUSTER_SETTINGS }),
  });

  const toParameters = ({ parameters, settings, signal }: QueryOptions) => ({
    ...(parameters && { query_params: parameters }),
    ...(settings && { clickhouse_settings: settings }),
    ...(signal && { abort_signal: signal }),
  });

  /** Makes the server stop a query when its connection is closed, which it does not do by default. */
  const cancelOnDisconnect = { cancel_http_readonly_queries_on_client_close: 1 as const };

  const insert: ClickHouse['insert'] = (table, columns, { format, pieces, token = randomUUID() }) => {
    const send = () =>
      withOwnErrors(async () => {
        const { stream } = await client.exec({
          query: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT ${format}`,
          values: Readable.from(pieces, { objectMode: false }),
          clickhouse_settings: {
            materialize_skip_indexes_on_insert: 0,
            insert_deduplication_token: token,
            async_insert: 0,
          },
        });
        stream.resume();
        await finished(stream);
      });
    return retryPassing(send, { forMs: retryMs });
  };

  const handle: ClickHouse = {
    cluster,
    shared: true,
    for: () => handle,
    flush: async () => {},
    checkpoint: async () => {},
    lastAppended: async () => 0,
    repeatsInserts: true,
    journaled: { rows: 0, problem: undefined, completeSince: Number.POSITIVE_INFINITY },

    append: (table, { pieces }) => insert(table, COLUMNS[table], { format: 'Native', pieces }),
    insert,

    query(sql, queryOptions = {}) {
      const { clickhouse_settings, ...rest } = toParameters(queryOptions);
      const ask = () =>
        withOwnErrors(async () => {
          const result = await client.query({
            query: sql,
            format: 'JSONCompactEachRow',
            clickhouse_settings: { ...QUERY_MEMORY, ...clickhouse_settings, ...cancelOnDisconnect },
            ...rest,
          });
          return parseRows<never>(await result.text());
        });
      return retryPassing(ask, { forMs: QUERY_RETRY_MILLISECONDS, signal: queryOptions.signal });
    },

    bytes(sql, format, queryOptions = {}) {
      const { clickhouse_settings, ...rest } = toParameters(queryOptions);
      const ask = () =>
        withOwnErrors(async () => {
          const result = await client.exec({
            query: `${sql} FORMAT ${format}`,
            // Otherwise the text of a later error would be part of the result.
            clickhouse_settings: {
              ...QUERY_MEMORY,
              ...clickhouse_settings,
              ...cancelOnDisconnect,
              wait_end_of_query: 1,
            },
            ...rest,
          });
          return buffer(result.stream);
        });
      return retryPassing(ask, { forMs: QUERY_RETRY_MILLISECONDS, signal: queryOptions.signal });
    },

    async *stream(sql, format, queryOptions = {}) {
      const { clickhouse_settings, ...rest } = toParameters(queryOptions);
      const result = await withOwnErrors(() =>
        client.exec({
          query: `${sql} FORMAT ${format}`,
          clickhouse_settings: { ...QUERY_MEMORY, ...clickhouse_settings, ...cancelOnDisconnect },
          ...rest,
        }),
      );
      yield* result.stream;
    },

    async command(statement, queryOptions = {}) {
      for (const query of compileStatement(statement, cluster))
        await withOwnErrors(() => client.command({ query, ...toParameters(queryOptions) }));
    },

    close: () => client.close(),
  };
  return handle;
}

const COLUMNS = { logs: LOG_COLUMN_NAMES, open_lines: OPEN_LINE_COLUMNS } as const;

/** An insert is acknowledged when it is on its shard, and a subquery reads all shards. */
const CLUSTER_SETTINGS = {
  distributed_foreground_insert: 1,
  distributed_product_mode: 'global',
  prefer_localhost_replica: 1,
} as const;

function checkVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [minMajor, minMinor] = MIN_VERSION;
  if (major > minMajor || (major === minMajor && minor >= minMinor)) return;
  throw new Error(`ClickHouse ${version} is too old: expected ${MIN_VERSION.join('.')} or newer`);
}

async function withOwnErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ServerError) throw new ClickHouseError(error.message, Number(error.code), error);
    const { message = String(error), code } = error as NodeJS.ErrnoException;
    // Where several addresses of a name fail, the error itself has no message.
    throw new ClickHouseError(message || code || 'no connection', undefined, error, !isAbort(error));
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || /user aborted/i.test(error.message));
}
