import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import type { Retention } from '../pipeline/store/retention.ts';
import type { Config } from './config.ts';
import type { ConsoleLog } from './console-log.ts';
import type { Feature } from './feature.ts';
import { keepWithin } from './retention/disk-limit.ts';

const CHECK_MILLISECONDS = 60_000;

/** Holds the tables within MAX_DISK_BYTES; what goes by its age, the engine removes itself. */
export function createRetention(
  { MAX_DISK_BYTES: limit }: Config,
  clickhouse: ClickHouse,
  retention: Retention,
  log: ConsoleLog,
): Feature {
  if (limit === undefined) return { stop: async () => {} };
  const stopping = new AbortController();
  let evicted = 0;
  let timer: NodeJS.Timeout | undefined;
  let checking: Promise<void> | undefined;
  const check = async () => {
    try {
      const eviction = await keepWithin(clickhouse, {
        retention,
        limit,
        now: Date.now(),
        signal: stopping.signal,
      });
      if (!eviction) return;
      evicted += eviction.records;
      log.warn(`MAX_DISK_BYTES (${limit}) was exceeded: ${eviction.records} records were removed`);
    } catch (error) {
      if (!stopping.signal.aborted)
        log.error(`MAX_DISK_BYTES could not be held: ${(error as Error).message}`);
    }
  };
  const run = () => {
    checking = check().then(() => {
      if (!stopping.signal.aborted) timer = setTimeout(run, CHECK_MILLISECONDS);
    });
  };
  return {
    series: {
      logplane_records_evicted_total: {
        help: 'Records that were removed because of MAX_DISK_BYTES',
        labels: [],
        read: () => [{ value: evicted }],
      },
    },
    start: run,
    async stop() {
      // A removal that is under way goes on at the next start.
      stopping.abort();
      clearTimeout(timer);
      await checking;
    },
  };
}
