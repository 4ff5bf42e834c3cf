import { readFile } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import type { Pipeline } from '../../../pipeline/ingest/pipeline.ts';
import type { Redactor } from '../../../pipeline/ingest/transforms/redactor.ts';
import { PeriodicLoop } from '../../../pipeline/runtime/periodic-loop.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { isDiskFull } from '../../../pipeline/store/disk-full.ts';
import type { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import type { ConsoleLog } from '../../http/console-log.ts';
import type { OpenStreams } from '../../http/event-stream.ts';
import type { Feature } from '../../http/feature.ts';
import type { ReadBodyOptions } from '../../http/read-body.ts';
import { ConfigError } from '../../setting-types.ts';
import type { Launch } from './launch.ts';
import { BUILT_IN_RULES, type LaunchRule, parseLaunchRules } from './launch-rules.ts';
import { LaunchRunner } from './launch-runner.ts';
import { NodeLaunches } from './node-launches.ts';
import { loadPhaseTimes, PhaseTimes } from './phase-times.ts';
import { RedisNodeLog } from './redis-node-log.ts';
import { addNodeRoutes } from './routes.ts';
import type { NodeSettings } from './settings.ts';
import { StoredNodeLog } from './stored-node-log.ts';

const LAUNCH_MILLISECONDS = 2 * 3_600_000;
const WATCH_MILLISECONDS = 2_000;
const STUCK_SECONDS = 7 * 86_400;

export interface NodeParts {
  readonly clickhouse: ClickHouse;
  readonly redis: Redis | undefined;
  readonly store: LogStore;
  readonly bus: LiveBus;
  readonly pipeline: Pipeline;
  readonly redact: Redactor;
  readonly body: ReadBodyOptions;
  readonly openStreams: OpenStreams;
  readonly log: ConsoleLog;
}

/** Starts the launches of nodes and goes on with those that are under way. */
export async function startNodes(
  config: NodeSettings,
  { clickhouse, redis, store, bus, pipeline, redact, body, openStreams, log }: NodeParts,
): Promise<Feature> {
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
    redact: (nodeId, text) => redactNodeText(redact, nodeId, text),
    ...(redis && { mayWarn: (launch) => isFirstToWarn(redis, launch) }),
  });
  await launches.load().catch((error: unknown) => {
    // On a full disk waiting records cannot be read; each launch is then loaded when it is asked for.
    if (!isDiskFull(error)) throw error;
  });
  const launchRunner = new LaunchRunner({
    launches,
    rules: await readRules(config.LAUNCH_RULES_FILE),
    timeoutMs: LAUNCH_MILLISECONDS,
    onProblem: log.warn,
  });
  const watch = new PeriodicLoop({
    run: () => launches.warnOfStuck(),
    waitMs: WATCH_MILLISECONDS,
    waitsFirst: true,
    onError: (error) => log.warn(`could not report a stuck launch: ${error}`),
  });
  return {
    addRoutes: (api) =>
      addNodeRoutes(api.family('Nodes', 'Launches of nodes and their logs.'), {
        store: store.for('tails'),
        bus,
        openStreams,
        body,
        nodeLog,
        launches,
        launchRunner,
        launchCommand: config.LAUNCH_COMMAND,
      }),
    metrics: {
      logplane_node_launches: { help: 'Launches of nodes that are followed', read: () => launches.count },
      logplane_node_entries_waiting: {
        help: 'Node log entries that wait to be written to Redis',
        read: () => lists?.waiting ?? 0,
      },
      logplane_launch_commands: {
        help: 'Launch commands that are running',
        read: () => launchRunner.running,
      },
    },
    start: () => watch.start(),
    async stop() {
      await watch.stop();
      await launchRunner.stop();
      lists?.stop();
    },
  };
}

/** True for one of several server processes that know the launch. */
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
