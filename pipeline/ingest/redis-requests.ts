import type { Redis } from 'ioredis';
import { unavailable } from '../runtime/errors.ts';
import type { SharedRequests } from './known-requests.ts';

export interface RedisRequestsOptions {
  readonly redis: Redis;
  /** Unique to this run of this process. */
  readonly process: string;
  /** Ids of the processes that run now. */
  readonly processes: () => Promise<readonly string[]>;
}

const REQUESTS_PER_AGENT = 256;
const KEPT_SECONDS = 30 * 86_400;
/** How far the clocks of two machines may differ. */
const MAX_CLOCK_SKEW_MS = 60_000;
/** While Redis is away, another process may have stored a request within this time, in milliseconds. */
const UNKNOWN_SINCE = 3_600_000;

/**
 * The value of a request is its owner (`-` where no process works on it) and the time of its first attempt. Returns nil where the request
 * is new, the time where it is known and free, and the value itself where another process owns it.
 */
const CLAIM = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
if not known then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
  redis.call('RPUSH', KEYS[2], ARGV[1])
  if redis.call('LLEN', KEYS[2]) > tonumber(ARGV[4]) then redis.call('HDEL', KEYS[1], redis.call('LPOP', KEYS[2])) end
  redis.call('EXPIRE', KEYS[1], ARGV[5])
  redis.call('EXPIRE', KEYS[2], ARGV[5])
  return false
end
local owner, since = string.match(known, '^(%S+) (%d+)$')
if owner ~= '-' and owner ~= ARGV[2] then return known end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. since)
return since`;

/** Takes over a request whose owner is gone. */
const SWAP = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`;

const RELEASE = `
local owner, since = string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '', '^(%S+) (%d+)$')
if owner == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], '- ' .. since) end
return 0`;

/**
 * The last requests of each agent, shared by all server processes. One process at a time works on a request; a later one
 * asks the store how far it is stored.
 */
export class RedisRequests implements SharedRequests {
  readonly #options: RedisRequestsOptions;

  constructor(options: RedisRequestsOptions) {
    this.#options = options;
  }

  async claim(agent: string, digest: string): Promise<number | undefined> {
    const { redis, process, processes } = this.#options;
    const now = Date.now();
    let known: string | null;
    let running: readonly string[] = [];
    try {
      known = (await redis.eval(
        CLAIM,
        2,
        ...keysOf(agent),
        digest,
        process,
        now,
        REQUESTS_PER_AGENT,
        KEPT_SECONDS,
      )) as string | null;
      if (known === null) return undefined;
      if (!known.includes(' ')) return Number(known) - MAX_CLOCK_SKEW_MS;
      running = await processes();
    } catch {
      return now - UNKNOWN_SINCE;
    }
    const [owner = '', since = '0'] = known.split(' ');
    if (running.includes(owner)) throw busy();
    const swapped = await redis
      .eval(SWAP, 1, keysOf(agent)[0], digest, known, `${process} ${since}`)
      .catch(() => 1);
    if (swapped !== 1) throw busy();
    return Number(since) - MAX_CLOCK_SKEW_MS;
  }

  async release(agent: string, digest: string): Promise<void> {
    const { redis, process } = this.#options;
    await redis.eval(RELEASE, 1, keysOf(agent)[0], digest, process).catch(() => {});
  }
}

function keysOf(agent: string): [requests: string, order: string] {
  return [`logplane:requests:${agent}`, `logplane:request-order:${agent}`];
}

function busy() {
  return unavailable('another server process is storing the same request; send it again');
}
