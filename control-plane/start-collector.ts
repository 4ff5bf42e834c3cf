import { join } from 'node:path';
import { deliverFiles } from '../pipeline/deliver-files.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { createFileCollector } from '../pipeline/sources/files/file-collector.ts';
import type { Config } from './config.ts';
import type { ConsoleLog } from './console-log.ts';
import type { Feature } from './feature.ts';

/** Tails the files of `LOG_PATHS`, on a machine without Fluent Bit. */
export function createCollector(config: Config, pipeline: Pipeline, log: ConsoleLog): Feature {
  if (config.LOG_PATHS.length === 0) return { stop: async () => {} };
  const collector = createFileCollector({
    paths: config.LOG_PATHS,
    stateFile: join(config.DATA_DIR, 'state', 'files'),
    deliver: deliverFiles(pipeline, config.MACHINE_ID),
    onProblem: log.warn,
  });
  return { start: () => collector.start(), stop: () => collector.stop() };
}
