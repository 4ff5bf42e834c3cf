import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { SharedRequests } from '../../../pipeline/ingest/known-requests.ts';
import { RedisRequests } from '../../../pipeline/ingest/redis-requests.ts';
import type { StoredRecord } from '../../../pipeline/record/log-record.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import { ProcessShare } from '../../../pipeline/store/live/process-share.ts';
import { RedisLiveBus } from '../../../pipeline/store/live/redis-live-bus.ts';
import { Sequencer } from '../../../pipeline/store/live/sequencer.ts';
import type { ConsoleLog } from '../../http/console-log.ts';
import type { Feature } from '../../http/feature.ts';
import type { Metrics } from '../../http/metrics.ts';
import { ConfigError } from '../../setting-types.ts';

/** Gives records their sequence numbers and live readers the records: of this process, or of all processes that share a Redis. */
export interface RunningLiveBus {
  readonly bus: LiveBus;
  readonly sequencer: Sequencer;
  readonly publish: (last: number, records: readonly StoredRecord[] | undefined) => void;
  /** True while there are live readers; records are then kept in memory until they are published. */
  readonly hasReaders: () => boolean;
  /** The requests that all processes know; undefined where there is only one process. */
  readonly sharedRequests: SharedRequests | undefined;
  /** Its metrics and problems. */
  readonly feature: Feature;
  stop(): Promise<void>;
}

export interface LiveBusParts {
  readonly clickhouse: ClickHouse;
  readonly redis: Redis | undefined;
  /** The highest sequence number in the store. */
  readonly lastSequenceNumber: number;
  /** From the queue: every sequence number below this one is published or refused. */
  readonly unpublishedFrom: () => number | undefined;
  readonly log: ConsoleLog;
}

export async function startLiveBus(parts: LiveBusParts): Promise<RunningLiveBus> {
  const { clickhouse, redis, lastSequenceNumber, unpublishedFrom, log } = parts;
  if (!redis) {
    const bus = new LiveBus(lastSequenceNumber);
    return {
      bus,
      // In a cluster the block decides the shard, so a batch has to stay within one block.
      sequencer: new Sequencer(
        lastSequenceNumber,
        Date.now,
        clickhouse.cluster === undefined ? undefined : 0,
      ),
      publish: (last, records) => bus.publish(last, records),
      hasReaders: () => bus.listenerCount > 0,
      sharedRequests: undefined,
      feature: { metrics: metricsOfBus(bus) },
      stop: async () => {},
    };
  }
  const process = randomUUID();
  const share = await ProcessShare.claim(redis, process, clickhouse).catch((error: Error) => {
    throw new ConfigError(`REDIS_URL: ${error.message}`);
  });
  const sequencer = new Sequencer(lastSequenceNumber, Date.now, share.number);
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
    feature: {
      metrics: {
        ...metricsOfBus(bus),
        logplane_processes: {
          help: 'Server processes that share the live bus',
          read: () => shared.processes,
        },
        logplane_bus_messages: {
          help: 'Messages that were sent to the live bus',
          read: () => shared.counters.messagesSent,
        },
        logplane_bus_messages_failed: {
          help: 'Messages that Redis did not accept; their records are read from the store',
          read: () => shared.counters.messagesFailed,
        },
        logplane_bus_records_late: {
          help: 'Records that arrived out of order; readers got a gap event',
          read: () => shared.counters.recordsLate,
        },
      },
      notReady: () => notReady(redis),
      impaired: () => (bus.problem === undefined ? {} : { bus: bus.problem }),
    },
    stop: () => shared.stop(),
  };
}

async function notReady(redis: Redis): Promise<Record<string, string>> {
  try {
    await redis.ping();
    return {};
  } catch {
    return { bus: 'Redis does not answer' };
  }
}

function metricsOfBus(bus: LiveBus): Metrics {
  return {
    logplane_live_readers: { help: 'Open live streams', read: () => bus.listenerCount },
    logplane_live_bytes: {
      help: 'Bytes of recent records in memory for live streams',
      read: () => bus.recent.bytes,
    },
    logplane_tail_page_bytes: {
      help: 'Bytes that live streams have read from the store and clients have not received',
      read: () => bus.pages.held,
    },
    logplane_live_filter_failures: {
      help: 'Batches of live records on which a filter failed or was too slow; its streams read the store instead',
      read: () => bus.filters.failures,
    },
  };
}
