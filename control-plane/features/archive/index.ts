import { resolve } from 'node:path';
import { PeriodicLoop } from '../../../pipeline/runtime/periodic-loop.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { LogStore } from '../../../pipeline/store/log-store.ts';
import type { RouteFamily } from '../../http/api.ts';
import type { ConsoleLog } from '../../http/console-log.ts';
import type { Feature } from '../../http/feature.ts';
import type { ServerSettings } from '../../server-settings.ts';
import { ConfigError } from '../../setting-types.ts';
import { Archive } from './archive.ts';
import type { ArchiveSettings } from './settings.ts';

const CHECK_MILLISECONDS = 600_000;

export interface RunningArchive extends Feature {
  /** Undefined where ARCHIVE_DIR is not set. */
  readonly archive: Archive | undefined;
}

export interface ArchiveParts {
  readonly clickhouse: ClickHouse;
  /** Declares the routes that read records, for the records of another table. */
  readonly addReadingRoutes: (family: RouteFamily, store: LogStore) => void;
  readonly log: ConsoleLog;
}

/** Writes each past day to ARCHIVE_DIR. */
export async function createArchive(
  config: ArchiveSettings & Pick<ServerSettings, 'CLICKHOUSE_URL'>,
  { clickhouse, addReadingRoutes, log }: ArchiveParts,
): Promise<RunningArchive> {
  if (config.ARCHIVE_DIR === undefined) return { archive: undefined };
  if (config.CLICKHOUSE_URL !== undefined) {
    throw new ConfigError(
      'ARCHIVE_DIR: expected to be unset beside CLICKHOUSE_URL: a ClickHouse server reads no files of this machine',
    );
  }
  const archive = new Archive(clickhouse, resolve(config.ARCHIVE_DIR));
  await archive.open();
  const loop = new PeriodicLoop({
    async run(signal) {
      const days = await archive.addDays(Date.now(), signal);
      if (days.length > 0) log.info(`archived ${days.join(', ')}`);
    },
    waitMs: CHECK_MILLISECONDS,
    onError: (error) => log.error(`ARCHIVE_DIR could not be written: ${(error as Error).message}`),
  });
  return {
    archive,
    addRoutes: (api) =>
      addReadingRoutes(
        api.family('Archive', 'The same queries over the days in `ARCHIVE_DIR`.', {
          from: '/api/v1/logs',
          to: '/api/v1/archive',
          suffix: 'InArchive',
        }),
        new LogStore(clickhouse, archive.view),
      ),
    start: () => loop.start(),
    stop: () => loop.stop(),
  };
}
