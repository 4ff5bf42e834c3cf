import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createClient, ClickHouseError as ServerError } from '@clickhouse/client';
import { type ClickHouse, ClickHouseError, parseRows, type QueryOptions } from './clickhouse.ts';

export interface ClickHouseServerOptions {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Database that all statements work in; made when it does not exist. */
  readonly database: string;
}

/** A ClickHouse server or cluster behind its HTTP interface. */
export async function connectClickHouseServer(options: ClickHouseServerOptions): Promise<ClickHouse> {
  const connection = { url: options.url, username: options.user, password: options.password };
  const setup = createClient(connection);
  await reshape(() => setup.command({ query: `CREATE DATABASE IF NOT EXISTS "${options.database}"` }));
  await setup.close();
  const client = createClient({
    ...connection,
    database: options.database,
    request_timeout: 60_000,
    max_open_connections: 16,
  });

  const toParameters = ({ parameters, settings, signal }: QueryOptions) => ({
    ...(parameters && { query_params: parameters }),
    ...(settings && { clickhouse_settings: settings }),
    ...(signal && { abort_signal: signal }),
  });

  /** A client that leaves closes its connection; the server then stops the query only when told to. */
  const cancelOnDisconnect = { cancel_http_readonly_queries_on_client_close: 1 as const };

  return {
    insert: (table, columns, { format, pieces }) =>
      reshape(async () => {
        const { stream } = await client.exec({
          query: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT ${format}`,
          values: Readable.from(pieces, { objectMode: false }),
          clickhouse_settings: { materialize_skip_indexes_on_insert: 0 },
        });
        stream.resume();
        await finished(stream);
      }),

    query: (sql, queryOptions = {}) =>
      reshape(async () => {
        const { clickhouse_settings, ...rest } = toParameters(queryOptions);
        const result = await client.query({
          query: sql,
          format: 'JSONCompactEachRow',
          clickhouse_settings: { ...clickhouse_settings, ...cancelOnDisconnect },
          ...rest,
        });
        return parseRows(await result.text());
      }),

    async *stream(sql, format, queryOptions = {}) {
      const { clickhouse_settings, ...rest } = toParameters(queryOptions);
      const result = await reshape(() =>
        client.exec({
          query: `${sql} FORMAT ${format}`,
          clickhouse_settings: { ...clickhouse_settings, ...cancelOnDisconnect },
          ...rest,
        }),
      );
      yield* result.stream;
    },

    command: (sql, queryOptions = {}) =>
      reshape(async () => {
        await client.command({ query: sql, ...toParameters(queryOptions) });
      }),

    close: () => client.close(),
  };
}

async function reshape<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ClickHouseError(message, error instanceof ServerError ? Number(error.code) : undefined, error);
  }
}
