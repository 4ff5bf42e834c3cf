import { PeriodicLoop } from '../../../pipeline/runtime/periodic-loop.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import type { Retention, RetentionRule } from '../../../pipeline/store/retention.ts';
import type { ConsoleLog } from '../../http/console-log.ts';
import type { Feature } from '../../http/feature.ts';
import { keepLettersWithin } from './dead-letter-limit.ts';
import type { DeletingArchive } from './delete-records.ts';
import { keepWithin } from './disk-limit.ts';
import { addRetentionRoutes } from './routes.ts';
import type { RetentionSettings } from './settings.ts';

const CHECK_MILLISECONDS = 60_000;

/** Share of MAX_DISK_BYTES for dead letters; the rest is for records and the small tables of the server. */
const LETTERS_SHARE = 0.1;
/** Bytes for dead letters where there is no limit for all tables. */
const LETTERS_BYTES = 1024 ** 3;

export interface RetentionParts {
  readonly clickhouse: ClickHouse;
  readonly bus: LiveBus;
  readonly retention: Retention;
  /** Undefined where ARCHIVE_DIR is not set. */
  readonly archive: DeletingArchive | undefined;
  readonly log: ConsoleLog;
}

/** @param rules retention of RULES_FILE, which comes before the settings */
export function retentionOf(
  { RETENTION_DAYS, ERROR_RETENTION_DAYS }: RetentionSettings,
  rules: readonly RetentionRule[],
): Retention {
  return { days: RETENTION_DAYS, errorDays: ERROR_RETENTION_DAYS, rules };
}

/**
 * Keeps dead letters within their budget, and all tables within MAX_DISK_BYTES. The engine itself removes records by age.
 */
export function createRetention(
  { MAX_DISK_BYTES: limit }: RetentionSettings,
  { clickhouse, bus, retention, archive, log }: RetentionParts,
): Feature {
  const lettersLimit = limit === undefined ? LETTERS_BYTES : Math.floor(limit * LETTERS_SHARE);
  let evicted = 0;
  let evictedLetters = 0;
  const loop = new PeriodicLoop({
    async run(signal) {
      const letters = await keepLettersWithin(clickhouse, lettersLimit, signal);
      evictedLetters += letters;
      if (letters > 0)
        log.warn(`dead letters exceeded ${lettersLimit} bytes: the oldest ${letters} were deleted`);
      if (limit === undefined) return;
      const eviction = await keepWithin(clickhouse, { retention, limit, now: Date.now(), signal });
      if (!eviction) return;
      evicted += eviction.records;
      log.warn(`MAX_DISK_BYTES (${limit}) was exceeded: ${eviction.records} records were deleted`);
    },
    waitMs: CHECK_MILLISECONDS,
    onError: (error) =>
      log.error(`the limits of the tables on disk could not be enforced: ${(error as Error).message}`),
  });
  return {
    addRoutes: (api) =>
      addRetentionRoutes(api.family('Retention', 'How long records are kept, and deletion by query.'), {
        clickhouse,
        bus,
        retention,
        maxDiskBytes: limit,
        archive,
      }),
    metrics: {
      logplane_records_evicted_total: {
        help: 'Records that were deleted because MAX_DISK_BYTES was exceeded',
        read: () => evicted,
      },
      logplane_dead_letters_evicted_total: {
        help: 'Dead letters that were deleted because together they exceeded their limit on disk',
        read: () => evictedLetters,
      },
    },
    start: () => loop.start(),
    // An interrupted removal goes on after the next start.
    stop: () => loop.stop(),
  };
}
