import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import type { Retention } from '../pipeline/store/retention.ts';
import type { Config } from './config.ts';
import type { ConsoleLog } from './console-log.ts';
import type { Feature } from './feature.ts';
import { keepLettersWithin } from './retention/dead-letter-limit.ts';
import { keepWithin } from './retention/disk-limit.ts';

const CHECK_MILLISECONDS = 60_000;

/** Of MAX_DISK_BYTES; the rest is for records and for what little the server keeps beside them. */
const LETTERS_SHARE = 0.1;
/** What dead letters may take where there is no limit for all tables. */
const LETTERS_BYTES = 1024 ** 3;

/**
 * Holds dead letters within their budget, and all tables within MAX_DISK_BYTES; what goes by its age, the engine removes itself.
 */
export function createRetention(
  { MAX_DISK_BYTES: limit }: Config,
  clickhouse: ClickHouse,
  retention: Retention,
  log: ConsoleLog,
): Feature {
  const lettersLimit = limit === undefined ? LETTERS_BYTES : Math.floor(limit * LETTERS_SHARE);
  const stopping = new AbortController();
  let evicted = 0;
  let evictedLetters = 0;
  let timer: NodeJS.Timeout | undefined;
  let checking: Promise<void> | undefined;
  const check = async () => {
    try {
      const letters = await keepLettersWithin(clickhouse, lettersLimit, stopping.signal);
      evictedLetters += letters;
      if (letters > 0)
        log.warn(`dead letters took more than ${lettersLimit} bytes: the oldest ${letters} were removed`);
      if (limit === undefined) return;
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
        log.error(`the limits of tables on the disk could not be held: ${(error as Error).message}`);
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
      logplane_dead_letters_evicted_total: {
        help: 'Dead letters that were removed because all of them took more than their share of the disk',
        labels: [],
        read: () => [{ value: evictedLetters }],
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
