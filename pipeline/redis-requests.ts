import type { Redis } from 'ioredis';
import { LONGEST_INSERT } from './doubtful-requests.ts';
import { overloaded } from './errors.ts';
import type { FindStored, KnownRequest, RequestProgress, SharedRequests } from './request-window.ts';

export interface RedisRequestsOptions {
  readonly redis: Redis;
  /** Unique to this run of this process. */
  readonly process: string;
  /** Ids of the processes that run now. */
  readonly processes: () => Promise<readonly string[]>;
  readonly findStored: FindStored;
}

const REQUESTS_PER_AGENT = 256;
const KEPT_SECONDS = 30 * 86_400;
/** How far the clocks of two machines may differ, in milliseconds. */
const CLOCKS_MILLISECONDS = 60_000;

/** Gives what is known of a request; where that is nothing, it is the caller's from now on. */
const CLAIM = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then return known end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('RPUSH', KEYS[2], ARGV[1])
if redis.call('LLEN', KEYS[2]) > tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], redis.call('LPOP', KEYS[2])) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return false`;

const SWAP = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`;

/** Leaves a claim to whoever comes next, with the time at which its first attempt began: what that stored is older than now. */
const GIVE_UP = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
local since = known and string.match(known, '^claimed %S+ (%d+)$')
redis.call('HSET', KEYS[1], ARGV[1], 'claimed - ' .. (since or ARGV[2]))
return 0`;

/**
 * The last requests of each agent, known to all server processes: a repetition that comes to another one is known there
 * too. A request is claimed before it is stored; one whose process died meanwhile is looked for in the store. While Redis
 * is away each process knows its own.
 */
export class RedisRequests implements SharedRequests {
  readonly #options: RedisRequestsOptions;

  constructor(options: RedisRequestsOptions) {
    this.#options = options;
  }

  async claim(agent: string, digest: string): Promise<RequestProgress | undefined> {
    const { redis, process, processes, findStored } = this.#options;
    const claimed = (time: string) => `claimed ${process} ${time}`;
    const mine = claimed(String(Date.now()));
    let known: string | null;
    let running: readonly string[] = [];
    try {
      known = (await redis.eval(CLAIM, 2, ...keys(agent), digest, mine, REQUESTS_PER_AGENT, KEPT_SECONDS)) as
        | string
        | null;
      if (known === null) return undefined;
      if (known.startsWith('{')) return JSON.parse(known) as RequestProgress;
      running = await processes();
    } catch {
      return undefined;
    }
    const [, owner = '', since = '0'] = known.split(' ');
    // A claim of its own is left of an attempt that failed: attempts of one process follow each other.
    if (owner !== process && running.includes(owner)) throw busy();
    const swapped = await redis.eval(SWAP, 1, keys(agent)[0], digest, known, claimed(since)).catch(() => 1);
    if (swapped !== 1) throw busy();
    try {
      return await findStored(agent, digest, Number(since) - CLOCKS_MILLISECONDS);
    } catch (error) {
      await this.giveUp(agent, digest);
      throw error;
    }
  }

  async record({ agent, digest, entries, accepted, rejected }: KnownRequest): Promise<void> {
    const progress = JSON.stringify({ entries, accepted, rejected });
    await this.#options.redis.hset(keys(agent)[0], digest, progress).catch(() => {});
  }

  async giveUp(agent: string, digest: string): Promise<void> {
    const before = Date.now() - LONGEST_INSERT;
    await this.#options.redis.eval(GIVE_UP, 1, keys(agent)[0], digest, before).catch(() => {});
  }
}

function keys(agent: string): [requests: string, order: string] {
  return [`logplane:requests:${agent}`, `logplane:request-order:${agent}`];
}

function busy() {
  return overloaded('another server process is taking in the same request; send it again');
}
