import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { SharedRequests } from '../pipeline/known-requests.ts';
import { LiveBus } from '../pipeline/live/live-bus.ts';
import { ProcessShare } from '../pipeline/live/process-share.ts';
import { RedisLiveBus } from '../pipeline/live/redis-live-bus.ts';
import type { StoredRecord } from '../pipeline/record/log-record.ts';
import { RedisRequests } from '../pipeline/redis-requests.ts';
import { Sequencer } from '../pipeline/sequencer.ts';
import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import { ConfigError } from './config.ts';
import type { ConsoleLog } from './console-log.ts';
import type { Feature } from './feature.ts';

/** Where records get their places, and live readers the records: of this process, or of all that share a Redis. */
export interface RunningLiveBus extends Feature {
  readonly bus: LiveBus;
  readonly sequencer: Sequencer;
  readonly publish: (last: number, records: readonly StoredRecord[] | undefined) => void;
  /** True while somebody reads live: records are then kept in memory until they are published. */
  readonly hasReaders: () => boolean;
  /** What all processes know of requests; undefined where there is one. */
  readonly sharedRequests: SharedRequests | undefined;
}

export interface LiveBusParts {
  readonly clickhouse: ClickHouse;
  readonly redis: Redis | undefined;
  /** The highest place that the store holds. */
  readonly lastPlace: number;
  /** Of the queue: places below it are published or refused. */
  readonly unpublishedFrom: () => number | undefined;
  readonly log: ConsoleLog;
}

export async function startLiveBus(parts: LiveBusParts): Promise<RunningLiveBus> {
  const { clickhouse, redis, lastPlace, unpublishedFrom, log } = parts;
  if (!redis) {
    const bus = new LiveBus(lastPlace);
    return {
      bus,
      // A batch has to stay within a block where blocks decide on the shard.
      sequencer: new Sequencer(lastPlace, Date.now, clickhouse.cluster === undefined ? undefined : 0),
      publish: (last, records) => bus.publish(last, records),
      hasReaders: () => bus.listenerCount > 0,
      sharedRequests: undefined,
      gauges: failuresOf(bus),
      stop: async () => {},
    };
  }
  const process = randomUUID();
  const share = await ProcessShare.claim(redis, process, clickhouse).catch((error: Error) => {
    throw new ConfigError(`REDIS_URL: ${error.message}`);
  });
  const sequencer = new Sequencer(lastPlace, Date.now, share.number);
  const bus = new LiveBus(0, true);
  const shared = new RedisLiveBus({
    redis,
    process,
    share,
    sequencer,
    bus,
    unpublishedFrom,
    onProblem: log.warn,
  });
  await shared.join();
  return {
    bus,
    sequencer,
    publish: (_, records) => shared.publish(records),
    hasReaders: () => shared.hasReaders,
    sharedRequests: new RedisRequests({
      redis,
      process,
      processes: () => share.holders(),
    }),
    gauges: {
      ...failuresOf(bus),
      logplane_processes: { help: 'Server processes that share the live bus', read: () => shared.processes },
      logplane_bus_messages: {
        help: 'Messages sent to the live bus',
        read: () => shared.counters.messagesSent,
      },
      logplane_bus_messages_failed: {
        help: 'Messages that Redis did not take; their records come from the store',
        read: () => shared.counters.messagesFailed,
      },
      logplane_bus_records_late: {
        help: 'Records that came too late for their order; readers were told of a gap',
        read: () => shared.counters.recordsLate,
      },
    },
    impaired: () => (bus.problem === undefined ? {} : { bus: bus.problem }),
    stop: () => shared.stop(),
  };
}

function failuresOf(bus: LiveBus): NonNullable<Feature['gauges']> {
  return {
    logplane_live_listener_failures: {
      help: 'Live streams that ended because of a failure of their own',
      read: () => bus.failures,
    },
  };
}
