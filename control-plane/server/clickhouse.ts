import { join } from 'node:path';
import { type ClickHouse, ClickHouseError } from '../../pipeline/store/clickhouse.ts';
import { openEmbeddedClickHouse } from '../../pipeline/store/embedded-clickhouse.ts';
import type { EngineMemory } from '../../pipeline/store/engine-memory.ts';
import type { Config } from '../config.ts';
import { ConfigError } from '../setting-types.ts';

/**
 * The server that the settings name, else the engine in this process.
 * @param memory what that engine may take; left out: what the machine has
 */
export async function openClickHouse(
  config: Config,
  warn: (message: string) => void,
  memory?: EngineMemory,
): Promise<ClickHouse> {
  const database = config.CLICKHOUSE_DATABASE;
  if (config.CLICKHOUSE_URL === undefined) {
    return openEmbeddedClickHouse({
      path: join(config.DATA_DIR, 'clickhouse'),
      database,
      fsync: config.FSYNC,
      ...(memory && { memory }),
      onDamage: warn,
    });
  }
  const { CLICKHOUSE_URL: url, CLICKHOUSE_USER: user, CLICKHOUSE_PASSWORD: password } = config;
  // Loading its client takes 60 ms of a start.
  const { connectClickHouseServer } = await import('../../pipeline/store/clickhouse-server.ts');
  try {
    return await connectClickHouseServer({
      url,
      user,
      password,
      database,
      cluster: config.CLICKHOUSE_CLUSTER,
    });
  } catch (error) {
    const { message } = error as Error;
    const unreachable = error instanceof ClickHouseError && error.unreachable;
    throw new ConfigError(
      `CLICKHOUSE_URL: ${unreachable ? `cannot reach ${new URL(url).origin}: ` : ''}${message}`,
    );
  }
}
