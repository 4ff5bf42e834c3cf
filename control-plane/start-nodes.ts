import { readFile } from 'node:fs/promises';
import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import type { Config } from './config.ts';
import type { ConsoleLog } from './console-log.ts';
import type { Feature } from './feature.ts';
import { BUILT_IN_RULES, type LaunchRule, parseLaunchRules } from './nodes/launch-rules.ts';
import { LaunchRunner } from './nodes/launch-runner.ts';
import { NodeLaunches } from './nodes/node-launches.ts';
import type { NodeLog } from './nodes/node-log.ts';
import { loadPhaseTimes, PhaseTimes } from './nodes/phase-times.ts';
import { StoredNodeLog } from './nodes/stored-node-log.ts';
import type { Ingest } from './start-ingest.ts';

const LAUNCH_MILLISECONDS = 2 * 3_600_000;
const WATCH_MILLISECONDS = 2_000;

export interface RunningNodes extends Feature {
  readonly nodeLog: NodeLog;
  readonly launches: NodeLaunches;
  readonly launchRunner: LaunchRunner;
}

/** Puts the launches of nodes together and goes on with those that are under way. */
export async function startNodes(
  config: Config,
  { store, bus, pipeline }: Pick<Ingest, 'store' | 'bus' | 'pipeline'>,
  clickhouse: ClickHouse,
  log: ConsoleLog,
): Promise<RunningNodes> {
  const nodeLog = new StoredNodeLog({ clickhouse, store, bus, ttlHours: config.NODE_LOG_TTL_HOURS });
  const times = new PhaseTimes();
  await loadPhaseTimes(clickhouse, times);
  const launches = new NodeLaunches({ log: nodeLog, pipeline, times });
  await launches.load();
  const launchRunner = new LaunchRunner({
    launches,
    rules: await readRules(config.LAUNCH_RULES_FILE),
    timeoutMs: LAUNCH_MILLISECONDS,
    onProblem: log.warn,
  });
  let watching: NodeJS.Timeout | undefined;
  const watch = () => {
    launches
      .warnOfStuck()
      .catch((error: unknown) => log.warn(`could not warn of a launch that is stuck: ${error}`))
      .finally(() => watching?.refresh());
  };
  return {
    nodeLog,
    launches,
    launchRunner,
    gauges: {
      logplane_node_launches: { help: 'Launches of nodes that are watched', read: () => launches.count },
      logplane_launch_commands: { help: 'Launch commands that run', read: () => launchRunner.running },
    },
    start() {
      watching = setTimeout(watch, WATCH_MILLISECONDS);
    },
    async stop() {
      clearTimeout(watching);
      watching = undefined;
      await launchRunner.stop();
    },
  };
}

async function readRules(path: string | undefined): Promise<readonly LaunchRule[]> {
  if (path === undefined) return BUILT_IN_RULES;
  try {
    return parseLaunchRules(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Error(`LAUNCH_RULES_FILE (${path}): ${(error as Error).message}`);
  }
}
