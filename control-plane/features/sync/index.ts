import { readFile } from 'node:fs/promises';
import type { LineTimes } from '../../../pipeline/ingest/line-times.ts';
import type { Pipeline } from '../../../pipeline/ingest/pipeline.ts';
import type { Categorize } from '../../../pipeline/record/category.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import type { ConsoleLog } from '../../http/console-log.ts';
import type { Feature } from '../../http/feature.ts';
import type { ServerSettings } from '../../server-settings.ts';
import { deliverSynced, type OwnerOf } from './deliver-synced.ts';
import { addFileRoutes } from './file-routes.ts';
import { logsFolder, parseSources } from './read-sources.ts';
import { addSyncRoutes } from './routes.ts';
import { addServiceRoutes } from './service-routes.ts';
import { SYNC_SETTINGS, type SyncSettings } from './settings.ts';
import { SourceFiles } from './source-files.ts';
import { SourceSync } from './source-sync.ts';
import { resortRecords } from './stored-files.ts';
import { SyncSchedule } from './sync-schedule.ts';
import type { SyncSource } from './sync-source.ts';
import { downSources, syncMetrics } from './sync-status.ts';

export interface SyncParts {
  readonly clickhouse: ClickHouse;
  readonly pipeline: Pipeline;
  readonly lineTimes: LineTimes;
  readonly categorize: Categorize;
  /** Services that are listed before they have a record. */
  readonly knownServices: readonly string[];
  /** Called after a sync, for further reads at the source. */
  readonly beforeSync: (source: SyncSource, signal: AbortSignal) => Promise<void>;
  readonly ownerOf: OwnerOf;
  readonly log: ConsoleLog;
}

/** Creates the syncs of all sources. */
export async function createSync(
  config: SyncSettings & Pick<ServerSettings, 'DATA_DIR' | 'MACHINE_ID'>,
  { clickhouse, pipeline, lineTimes, categorize, knownServices, beforeSync, ownerOf, log }: SyncParts,
): Promise<Feature> {
  const stopping = new AbortController();
  const sources = (await readSources(config)).map((source, index) => {
    const files = new SourceFiles({
      source,
      root: config.DATA_DIR,
      prefix: index === 0 ? '' : `${source.name}/`,
      categorize,
      deliver: deliverSynced(pipeline, source, lineTimes, ownerOf),
      resortRecords: (paths, from, to) =>
        resortRecords(clickhouse.for('rules'), source.machineId, paths, from, to),
    });
    return new SourceSync({ files, timeoutMs: config.SYNC_TIMEOUT * 1000, signal: stopping.signal, log });
  });
  // Files of earlier syncs are listed from the start, whether or not the source can be reached.
  for (const { files } of sources) await files.open();
  const schedule = new SyncSchedule({
    sources,
    intervalMs: config.SYNC_INTERVAL * 1000,
    beforeSync: ({ files: { source } }) => beforeSync(source, stopping.signal),
  });
  return {
    addRoutes(api) {
      const family = api.family(
        'Services and files',
        'Services, their log files, and the sync that copies them.',
      );
      addServiceRoutes(family, { clickhouse, syncSources: sources, knownServices });
      addFileRoutes(family, { clickhouse, syncSources: sources });
      addSyncRoutes(family, { syncSources: sources, syncSchedule: schedule });
    },
    metrics: syncMetrics(sources),
    impaired: () => downSources(sources),
    start: () => schedule.start(),
    async stop() {
      stopping.abort();
      await schedule.stop();
    },
  };
}

async function readSources(config: SyncSettings & Pick<ServerSettings, 'MACHINE_ID'>): Promise<SyncSource[]> {
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
      optional: base === SYNC_SETTINGS.REMOTE_BASE_PATH.parse(undefined),
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
