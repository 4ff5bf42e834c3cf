import { join } from 'node:path';
import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import { connectClickHouseServer } from '../pipeline/store/clickhouse-server.ts';
import { openEmbeddedClickHouse } from '../pipeline/store/embedded-clickhouse.ts';
import type { Config } from './config.ts';

/** The server that the settings name, else the engine in this process. */
export async function openClickHouse(config: Config): Promise<ClickHouse> {
  const database = config.CLICKHOUSE_DATABASE;
  if (config.CLICKHOUSE_URL === undefined) {
    return openEmbeddedClickHouse({ path: join(config.DATA_DIR, 'clickhouse'), database });
  }
  return connectClickHouseServer({
    url: config.CLICKHOUSE_URL,
    user: config.CLICKHOUSE_USER,
    password: config.CLICKHOUSE_PASSWORD,
    database,
  });
}
