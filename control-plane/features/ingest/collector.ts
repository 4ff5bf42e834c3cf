import { join } from 'node:path';
import { deliverFiles } from '../../../pipeline/ingest/deliver-files.ts';
import { type FileLedger, nameOfFile } from '../../../pipeline/ingest/joining/file-ledger.ts';
import { LineTimes } from '../../../pipeline/ingest/line-times.ts';
import type { Pipeline } from '../../../pipeline/ingest/pipeline.ts';
import { createFileCollector } from '../../../pipeline/ingest/sources/files/file-collector.ts';
import type { ConsoleLog } from '../../http/console-log.ts';
import type { Feature } from '../../http/feature.ts';
import type { ServerSettings } from '../../server-settings.ts';
import type { IngestSettings } from './settings.ts';

interface CollectorParts {
  readonly pipeline: Pipeline;
  readonly ledger: FileLedger;
  readonly log: ConsoleLog;
}

/** Tails the files of `LOG_PATHS`, on a machine without Fluent Bit. */
export function createCollector(
  config: IngestSettings & Pick<ServerSettings, 'DATA_DIR' | 'MACHINE_ID'>,
  { pipeline, ledger, log }: CollectorParts,
): Feature {
  if (config.LOG_PATHS.length === 0) return {};
  const collector = createFileCollector({
    paths: config.LOG_PATHS,
    stateFile: join(config.DATA_DIR, 'state', 'files'),
    deliver: deliverFiles(pipeline, config.MACHINE_ID, new LineTimes(config.DEFAULT_TIMEZONE), ledger),
    onLost: (path, part) => ledger.addLost(nameOfFile(config.MACHINE_ID, path), part, Date.now()),
    onProblem: log.warn,
  });
  return { start: () => collector.start(), stop: () => collector.stop() };
}
