import type { Redis } from 'ioredis';
import { backoffMs } from '../../pipeline/runtime/backoff.ts';
import type { ConsoleLog } from '../http/console-log.ts';
import { ConfigError } from '../setting-types.ts';

const CONNECT_MILLISECONDS = 5_000;
const COMMAND_MILLISECONDS = 5_000;
const RETRIES = { firstMs: 50, maxMs: 1_000, jitter: 0.25 };

/**
 * Connects to Redis or Valkey. A lost connection is retried without end. Meanwhile commands fail at once, so that none gathers in memory and
 * none is sent twice.
 * @throws Error that names the setting where it cannot be reached at the start
 */
export async function openRedis(url: string, log: ConsoleLog): Promise<Redis> {
  // Loading it takes 100 ms of a start, and most servers have no Redis.
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MILLISECONDS,
    commandTimeout: COMMAND_MILLISECONDS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => backoffMs(attempt, RETRIES),
  });
  let lost = false;
  let reason = '';
  redis.on('error', (error: Error) => {
    reason = error.message;
  });
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw new ConfigError(`REDIS_URL: cannot reach ${redacted(url)}: ${reason || (error as Error).message}`);
  }
  redis.on('close', () => {
    if (!lost) log.warn('the connection to Redis is lost; records are still stored, live streams wait');
    lost = true;
  });
  redis.on('ready', () => {
    if (lost) log.info('the connection to Redis is back');
    lost = false;
  });
  return redis;
}

function redacted(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
