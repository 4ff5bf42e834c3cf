import { readFile } from 'node:fs/promises';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { Categorize } from '../pipeline/record/category.ts';
import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import { type Config, SETTINGS } from './config.ts';
import type { ConsoleLog } from './console-log.ts';
import type { Feature } from './feature.ts';
import { deliverSynced } from './files/deliver-synced.ts';
import { logsFolder, parseSources } from './files/read-sources.ts';
import { SourceFiles } from './files/source-files.ts';
import { SourceSync } from './files/source-sync.ts';
import { resortRecords } from './files/stored-files.ts';
import { SyncSchedule } from './files/sync-schedule.ts';
import type { SyncSource } from './files/sync-source.ts';
import { downSources, syncGauges } from './files/sync-status.ts';
import { fetchAccounting } from './jobs/fetch-accounting.ts';
import type { JobRunStore } from './jobs/job-run-store.ts';

export interface RunningSync extends Feature {
  readonly sources: readonly SourceSync[];
  readonly schedule: SyncSchedule;
}

export interface SyncParts {
  readonly clickhouse: ClickHouse;
  readonly pipeline: Pipeline;
  readonly categorize: Categorize;
  readonly jobRuns: JobRunStore;
  readonly log: ConsoleLog;
}

/** Puts the syncs together. */
export async function createSync(
  config: Config,
  { clickhouse, pipeline, categorize, jobRuns, log }: SyncParts,
): Promise<RunningSync> {
  const stopping = new AbortController();
  const sources = (await readSources(config)).map((source, index) => {
    const files = new SourceFiles({
      source,
      root: config.DATA_DIR,
      prefix: index === 0 ? '' : `${source.name}/`,
      categorize,
      deliver: deliverSynced(pipeline, source),
      resortRecords: (paths, from, to) => resortRecords(clickhouse, source.machineId, paths, from, to),
    });
    return new SourceSync({ files, timeoutMs: config.SYNC_TIMEOUT * 1000, signal: stopping.signal, log });
  });
  // What was synced before is listed from the start on, whether or not the source can be reached.
  for (const { files } of sources) await files.open();
  // By source, so that what goes on is told once.
  const problems = new Map<string, string>();
  const schedule = new SyncSchedule({
    sources,
    intervalMs: config.SYNC_INTERVAL * 1000,
    afterSync: async ({ files: { source } }) => {
      try {
        const runs = await fetchAccounting(source, stopping.signal);
        if (runs) await jobRuns.add(source.machineId, runs);
        problems.delete(source.name);
      } catch (error) {
        const { message } = error as Error;
        if (stopping.signal.aborted || problems.get(source.name) === message) return;
        problems.set(source.name, message);
        log.warn(`jobs of ${source.name}: ${message}`);
      }
    },
  });
  return {
    sources,
    schedule,
    gauges: syncGauges(sources),
    impaired: () => downSources(sources),
    start: () => schedule.start(),
    async stop() {
      stopping.abort();
      await schedule.stop();
    },
  };
}

async function readSources(config: Config): Promise<SyncSource[]> {
  if (config.SYNC_SOURCES !== undefined) {
    try {
      return parseSources(await readFile(config.SYNC_SOURCES, 'utf8'), config.MACHINE_ID);
    } catch (error) {
      throw new Error(`SYNC_SOURCES (${config.SYNC_SOURCES}): ${(error as Error).message}`);
    }
  }
  const { SSH_HOST: host, REMOTE_BASE_PATH: base } = config;
  return [
    {
      name: host === undefined ? 'local' : 'remote',
      machineId: host ?? config.MACHINE_ID,
      folder: logsFolder(base),
      optional: base === SETTINGS.shape.REMOTE_BASE_PATH.parse(undefined),
      ...(host !== undefined && {
        ssh: {
          host,
          user: config.SSH_USER,
          port: config.SSH_PORT,
          key: config.SSH_KEY,
          knownHosts: config.SSH_KNOWN_HOSTS,
        },
      }),
    },
  ];
}
