import { readFile } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import { isDiskFull } from '../pipeline/store/disk-full.ts';
import type { Redactor } from '../pipeline/transforms/redactor.ts';
import { type Config, ConfigError } from './config.ts';
import type { ConsoleLog } from './console-log.ts';
import type { Feature } from './feature.ts';
import type { Launch } from './nodes/launch.ts';
import { BUILT_IN_RULES, type LaunchRule, parseLaunchRules } from './nodes/launch-rules.ts';
import { LaunchRunner } from './nodes/launch-runner.ts';
import { NodeLaunches } from './nodes/node-launches.ts';
import type { NodeLog } from './nodes/node-log.ts';
import { loadPhaseTimes, PhaseTimes } from './nodes/phase-times.ts';
import { RedisNodeLog } from './nodes/redis-node-log.ts';
import { StoredNodeLog } from './nodes/stored-node-log.ts';
import type { Ingest } from './start-ingest.ts';

const LAUNCH_MILLISECONDS = 2 * 3_600_000;
const WATCH_MILLISECONDS = 2_000;
const STUCK_SECONDS = 7 * 86_400;

export interface RunningNodes extends Feature {
  readonly nodeLog: NodeLog;
  readonly launches: NodeLaunches;
  readonly launchRunner: LaunchRunner;
}

/** Puts the launches of nodes together and goes on with those that are under way. */
export async function startNodes(
  config: Config,
  { store, bus, pipeline, rules }: Pick<Ingest, 'store' | 'bus' | 'pipeline' | 'rules'>,
  clickhouse: ClickHouse,
  redis: Redis | undefined,
  log: ConsoleLog,
): Promise<RunningNodes> {
  const ttlHours = config.NODE_LOG_TTL_HOURS;
  const stored = new StoredNodeLog({ clickhouse, store, bus, ttlHours });
  const agents = new StoredNodeLog({ clickhouse, store, bus, ttlHours, agentsOnly: true });
  const lists = redis && new RedisNodeLog({ redis, ttlHours, stored, agents });
  const nodeLog = lists ?? stored;
  const times = new PhaseTimes();
  await loadPhaseTimes(clickhouse.for('queries'), times);
  const launches = new NodeLaunches({
    log: nodeLog,
    pipeline,
    times,
    redact: (nodeId, text) => redactNodeText(rules.redact, nodeId, text),
    ...(redis && { mayWarn: (launch) => isFirstToWarn(redis, launch) }),
  });
  await launches.load().catch((error: unknown) => {
    // What waits to be stored is not seen without room for it; each launch is looked for when it is asked for.
    if (!isDiskFull(error)) throw error;
  });
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
      logplane_node_entries_waiting: {
        help: 'Entries of nodes that wait for Redis',
        read: () => lists?.waiting ?? 0,
      },
      logplane_launch_commands: { help: 'Launch commands that run', read: () => launchRunner.running },
    },
    start() {
      watching = setTimeout(watch, WATCH_MILLISECONDS);
    },
    async stop() {
      clearTimeout(watching);
      watching = undefined;
      await launchRunner.stop();
      lists?.stop();
    },
  };
}

/** Of several server processes that know the launch, one. */
async function isFirstToWarn(redis: Redis, { nodeId, phase, startedAt }: Launch): Promise<boolean> {
  const key = `logplane:stuck:${nodeId}:${phase}:${startedAt}`;
  return (await redis.set(key, '1', 'EX', STUCK_SECONDS, 'NX')) === 'OK';
}

async function readRules(path: string | undefined): Promise<readonly LaunchRule[]> {
  if (path === undefined) return BUILT_IN_RULES;
  try {
    return parseLaunchRules(await readFile(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`LAUNCH_RULES_FILE (${path}): ${(error as Error).message}`);
  }
}

/** The entries of a node are one stream, in which a private key may come line by line. */
function redactNodeText(redact: Redactor, nodeId: string, text: string): string {
  return redact.keyBlocks.use('nodes', nodeId, new Map(), (block) => redact.text(text, block));
}
