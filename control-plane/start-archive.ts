import { resolve } from 'node:path';
import { Archive } from '../pipeline/store/archive.ts';
import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import { type Config, ConfigError } from './config.ts';
import type { ConsoleLog } from './console-log.ts';
import type { Feature } from './feature.ts';

const CHECK_MILLISECONDS = 600_000;

export interface RunningArchive extends Feature {
  /** Undefined where ARCHIVE_DIR is not set. */
  readonly archive: Archive | undefined;
}

/** Writes each day that is over to ARCHIVE_DIR. */
export async function createArchive(
  config: Config,
  clickhouse: ClickHouse,
  log: ConsoleLog,
): Promise<RunningArchive> {
  if (config.ARCHIVE_DIR === undefined) return { archive: undefined, stop: async () => {} };
  if (config.CLICKHOUSE_URL !== undefined) {
    throw new ConfigError(
      'ARCHIVE_DIR: expected to be unset beside CLICKHOUSE_URL: a ClickHouse server reads no files of this machine',
    );
  }
  const archive = new Archive(clickhouse, resolve(config.ARCHIVE_DIR));
  await archive.open();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  const addDays = async () => {
    try {
      const days = await archive.addDays(Date.now(), stopping.signal);
      if (days.length > 0) log.info(`archived ${days.join(', ')}`);
    } catch (error) {
      if (!stopping.signal.aborted)
        log.error(`ARCHIVE_DIR could not be written: ${(error as Error).message}`);
    }
  };
  const run = () => {
    running = addDays().then(() => {
      if (!stopping.signal.aborted) timer = setTimeout(run, CHECK_MILLISECONDS);
    });
  };
  return {
    archive,
    start: run,
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
