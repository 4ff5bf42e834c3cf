import { join } from 'node:path';
import { deliverFiles } from '../../../pipeline/ingest/deliver-files.ts';
import { LineTimes } from '../../../pipeline/ingest/line-times.ts';
import type { Pipeline } from '../../../pipeline/ingest/pipeline.ts';
import { createFileCollector } from '../../../pipeline/ingest/sources/files/file-collector.ts';
import type { ConsoleLog } from '../../http/console-log.ts';
import type { Feature } from '../../http/feature.ts';
import type { ServerSettings } from '../../server-settings.ts';
import type { IngestSettings } from './settings.ts';

/** Tails the files of `LOG_PATHS`, on a machine without Fluent Bit. */
export function createCollector(
  config: IngestSettings & Pick<ServerSettings, 'DATA_DIR' | 'MACHINE_ID'>,
  pipeline: Pipeline,
  log: ConsoleLog,
): Feature {
  if (config.LOG_PATHS.length === 0) return {};
  const collector = createFileCollector({
    paths: config.LOG_PATHS,
    stateFile: join(config.DATA_DIR, 'state', 'files'),
    deliver: deliverFiles(pipeline, config.MACHINE_ID, new LineTimes(config.DEFAULT_TIMEZONE)),
    onProblem: log.warn,
  });
  return { start: () => collector.start(), stop: () => collector.stop() };
}
