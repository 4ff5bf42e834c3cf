import type { Redis } from 'ioredis';
import type { ClickHouse } from '../clickhouse.ts';
import { MAX_PROCESSES, SHARE_SQL } from './sequencer.ts';

const KEY = 'logplane:shares';
export const SHARE_SECONDS = 30;
/** A share with records so recent may still be in use, by a process that cannot reach Redis. */
const RECENT_MICROSECONDS = 60_000_000;

/** Claims a free share, or the caller's own again, for some seconds. Returns its number, or -1. */
const CLAIM = `
local now = tonumber(redis.call('TIME')[1])
for i = 3, #ARGV do
  local held = redis.call('HGET', KEYS[1], ARGV[i])
  local owner, expires
  if held then owner, expires = string.match(held, '^(.*) (%d+)$') end
  if not held or owner == ARGV[1] or tonumber(expires) < now then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[1] .. ' ' .. (now + tonumber(ARGV[2])))
    return tonumber(ARGV[i])
  end
end
return -1`;

const RELEASE = `
local held = redis.call('HGET', KEYS[1], ARGV[2])
if held and string.match(held, '^(.*) %d+$') == ARGV[1] then redis.call('HDEL', KEYS[1], ARGV[2]) end
return 0`;

/**
 * The share of sequence numbers that one server process gives out, from 0 to `MAX_PROCESSES` - 1. The process keeps it while Redis is
 * away; a process that starts meanwhile takes none that was used a moment ago.
 */
export class ProcessShare {
  readonly number: number;
  readonly #redis: Redis;
  readonly #process: string;

  private constructor(redis: Redis, process: string, number: number) {
    this.#redis = redis;
    this.#process = process;
    this.number = number;
  }

  /** @throws Error where all shares are taken */
  static async claim(redis: Redis, process: string, clickhouse: ClickHouse): Promise<ProcessShare> {
    const used = await clickhouse.query<[number]>(
      `SELECT DISTINCT toUInt8(${SHARE_SQL}) FROM logs WHERE seq > {after:UInt64}`,
      { parameters: { after: Date.now() * 1000 - RECENT_MICROSECONDS } },
    );
    const recent = new Set(used.map(([share]) => share));
    const all = Array.from({ length: MAX_PROCESSES }, (_, share) => share);
    const wanted = [
      ...all.filter((share) => !recent.has(share)),
      ...all.filter((share) => recent.has(share)),
    ];
    const number = await claim(redis, process, wanted);
    if (number === -1) {
      throw new Error(
        `${MAX_PROCESSES} server processes share this Redis already, which is the maximum: stop one of them ` +
          `(the share of a killed one becomes free after ${SHARE_SECONDS} s)`,
      );
    }
    return new ProcessShare(redis, process, number);
  }

  /** False where another process has the share by now. */
  async renew(): Promise<boolean> {
    return (await claim(this.#redis, this.#process, [this.number])) === this.number;
  }

  /** Ids of the processes that hold a share now. */
  async holders(): Promise<string[]> {
    const held = Object.values(await this.#redis.hgetall(KEY)).map((value) => value.split(' '));
    const [now = '0'] = (await this.#redis.time()).map(String);
    return held.filter(([, expires]) => Number(expires) >= Number(now)).map(([owner]) => owner!);
  }

  async release(): Promise<void> {
    await this.#redis.eval(RELEASE, 1, KEY, this.#process, this.number);
  }
}

async function claim(redis: Redis, process: string, shares: readonly number[]): Promise<number> {
  return Number(await redis.eval(CLAIM, 1, KEY, process, SHARE_SECONDS, ...shares));
}
