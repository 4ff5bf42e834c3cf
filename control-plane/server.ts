import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { Context } from 'koa';
import type { FolderLock } from '../pipeline/folder-lock.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import { adminToken } from './admin-token.ts';
import { createApp } from './app.ts';
import { createBackup } from './backup/create-backup.ts';
import type { Config } from './config.ts';
import type { ConsoleLog } from './console-log.ts';
import { divideMemory, memoryProblems } from './divide-memory.ts';
import { type Feature, gaugesOf, impairedOf, registriesOf, seriesOf } from './feature.ts';
import { readDestinations } from './forward/read-destinations.ts';
import { startForwarding } from './forward/start-forwarding.ts';
import { createAuth } from './http/auth.ts';
import { BodyBudget } from './http/body-budget.ts';
import { KnownTokens } from './http/known-tokens.ts';
import { isLoopback, OwnNames } from './http/own-names.ts';
import { readPageFiles } from './http/page-files.ts';
import { PendingRecords } from './http/pending-records.ts';
import { RequestCounts } from './http/request-counts.ts';
import { SlowReaders } from './http/slow-readers.ts';
import { StreamLimit } from './http/stream-limit.ts';
import { startHttpListener } from './http-listener.ts';
import { JobRunStore } from './jobs/job-run-store.ts';
import { memoryLimit } from './memory-limit.ts';
import { openClickHouse } from './open-clickhouse.ts';
import { openRedis } from './open-redis.ts';
import { startOtlpListener } from './otlp-listener.ts';
import { packageVersion } from './package-version.ts';
import { readTls } from './read-tls.ts';
import { startRequestLog } from './request-log.ts';
import { createAlerting } from './start-alerts.ts';
import { createArchive } from './start-archive.ts';
import { createCollector } from './start-collector.ts';
import { startDamageReport } from './start-damage-report.ts';
import { createFleet } from './start-fleet.ts';
import { startIngest } from './start-ingest.ts';
import { startNodes } from './start-nodes.ts';
import { createRetention } from './start-retention.ts';
import { retentionOf } from './start-rules.ts';
import { createSync } from './start-sync.ts';
import { takeDataDir } from './take-data-dir.ts';
import { createTelemetry } from './telemetry.ts';

const STOP_MILLISECONDS = 8_000;

export interface RunningServer {
  /** `http://host:port`, with TLS `https://host:port` */
  readonly url: string;
  /** Of the OTLP/gRPC listener; undefined where it is off. */
  readonly grpcPort: number | undefined;
  readonly pipeline: Pipeline;
  /** Stops accepting, finishes what was accepted, ends open streams and closes the store. */
  close(): Promise<void>;
}

/**
 * Puts the parts together and starts them; `close` stops them in reverse order.
 * @param further parts that its caller made
 */
export async function startServer(
  config: Config,
  log: ConsoleLog,
  further: readonly Feature[] = [],
): Promise<RunningServer> {
  const tls = await readTls(config);
  const lock = await takeDataDir(config.DATA_DIR, log.warn);
  try {
    return await startOn(config, tls, lock, log, further);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** @param lock of `DATA_DIR`; released when the server has stopped */
async function startOn(
  config: Config,
  tls: Awaited<ReturnType<typeof readTls>>,
  lock: FolderLock,
  log: ConsoleLog,
  further: readonly Feature[],
): Promise<RunningServer> {
  const memory = divideMemory(memoryLimit(config.MEMORY_LIMIT_BYTES));
  for (const problem of memoryProblems(memory, config.INGEST_MAX_BYTES)) log.warn(problem);
  const clickhouse = await openClickHouse(config, log.warn, memory.engine);
  const redis = config.REDIS_URL === undefined ? undefined : await openRedis(config.REDIS_URL, log);
  const stopping = new AbortController();
  // Every open stream listens to it.
  setMaxListeners(Number.POSITIVE_INFINITY, stopping.signal);
  try {
    const ingest = await startIngest(config, clickhouse, redis, log);
    const { pipeline, store, deadLetters, bus } = ingest;
    const state = clickhouse.for('state');

    const jobRuns = new JobRunStore(state);
    const sync = await createSync(config, { ...ingest, clickhouse: clickhouse.for('rules'), jobRuns, log });
    const nodes = await startNodes(config, ingest, clickhouse.for('tails'), redis, log);
    const forwarding = await startForwarding({
      destinations: readDestinations(config),
      store: store.for('rules'),
      bus,
      stateDir: join(config.DATA_DIR, 'state'),
      onProblem: log.warn,
    });
    const alerting = await createAlerting(config, { clickhouse, bus, log });
    const retention = retentionOf(config, ingest.rules.retention);
    const fleet = await createFleet(config, state, log);
    const archiving = await createArchive(config, clickhouse, log);
    const features: Feature[] = [
      ingest.rules,
      fleet,
      alerting,
      forwarding,
      await startDamageReport(state, config.DATA_DIR, log),
      createCollector(config, pipeline, log),
      sync,
      nodes,
      createRetention(config, clickhouse, retention, log),
      archiving,
      ...further,
    ];

    const budget = new BodyBudget(memory.bodies);
    const tokens = {
      ingestToken: config.INGEST_TOKEN,
      readToken: config.READ_TOKEN,
      adminToken: await adminToken(config, log),
    };
    const known = await KnownTokens.open(
      join(config.DATA_DIR, 'state', 'used-tokens'),
      Object.values(tokens).filter((token) => token !== undefined),
      log.warn,
    );
    const ownNames = new OwnNames({
      origins: [...config.CORS_ORIGIN, ...(config.PUBLIC_URL === undefined ? [] : [config.PUBLIC_URL])],
    });
    const auth = createAuth({
      ...tokens,
      ownNames: config.READ_TOKEN === undefined && isLoopback(config.HOST) ? ownNames : undefined,
      known,
      guardChanges: config.ADMIN_TOKEN !== undefined || !isLoopback(config.HOST),
    });
    const requestLog = startRequestLog({
      files: config.LOG_API_CALLS ? config.LOG_DIR : undefined,
      maxBytes: config.LOG_MAX_BYTES,
      backups: config.LOG_BACKUP_COUNT,
      print: config.DEBUG ? log.debug : undefined,
      store: config.SELF_INGEST ? { pipeline, machineId: config.MACHINE_ID } : undefined,
      onProblem: log.warn,
    });
    const requestCounts = new RequestCounts();
    const slowReaders = new SlowReaders({ maxBytes: memory.answers });
    const onDefect = (error: unknown, context?: Context) => {
      log.error(`unexpected error: ${error instanceof Error ? error.stack : error}`);
      requestLog?.logDefect(error, context);
    };
    const app = createApp({
      ...ingest,
      ...fleet,
      ...alerting,
      metricRules: ingest.rules.metricRules,
      retention,
      maxDiskBytes: config.MAX_DISK_BYTES,
      archive: archiving.archive,
      backUp:
        config.CLICKHOUSE_URL === undefined
          ? (folder) =>
              createBackup({ clickhouse, dataDir: config.DATA_DIR, folder, version: packageVersion() })
          : undefined,
      auth,
      clickhouse,
      jobRuns,
      syncSources: sync.sources,
      syncSchedule: sync.schedule,
      nodeLog: nodes.nodeLog,
      launches: nodes.launches,
      launchRunner: nodes.launchRunner,
      launchCommand: config.LAUNCH_COMMAND,
      streamMaxMinutes: config.STREAM_MAX_MINUTES,
      streams: new StreamLimit(config.MAX_STREAMS_PER_CLIENT),
      slowReaders,
      stopping: stopping.signal,
      body: { budget, limit: config.INGEST_MAX_BYTES },
      pending: new PendingRecords(clickhouse.journaled),
      corsOrigins: config.CORS_ORIGIN,
      ownNames,
      version: packageVersion(),
      pageFiles: readPageFiles(),
      telemetry: createTelemetry({
        counters: ingest.counters,
        series: {
          logplane_http_requests_total: {
            help: 'HTTP requests that were answered',
            labels: ['endpoint', 'status'],
            read: () => requestCounts,
          },
          logplane_slow_readers_ended_total: {
            help: 'Connections that were ended because their readers took nothing for 30 s, or too much waited for all of them',
            labels: ['reason'],
            read: () => slowReaders.ended,
          },
          ...seriesOf(features),
        },
        registries: registriesOf(features),
        gauges: {
          logplane_answer_bytes: {
            help: 'Bytes of answers that wait for their readers',
            read: () => slowReaders.waitingBytes,
          },
          logplane_journaled_records: {
            help: 'Records that are durable and wait to be stored in their table',
            read: () => clickhouse.journaled.rows,
          },
          logplane_body_bytes: { help: 'Bytes of request bodies in memory', read: () => budget.held },
          ...gaugesOf([...features, ingest.liveBus]),
        },
      }),
      notReady: () => notReady(state),
      onDefect,
      requestCounts,
      requestLog: requestLog?.middleware,
      impaired: () => ({ ...impairedOf([...features, ingest.liveBus]), ...lagging(clickhouse) }),
    });

    warnOfOpenAddress(config, log);
    const listener = await startHttpListener(config.PORT, config.HOST, app.callback(), tls, slowReaders);
    log.info(`listening on ${listener.url}`);
    const otlpListener =
      config.GRPC_PORT === 0
        ? undefined
        : await startOtlpListener({
            host: config.HOST,
            port: config.GRPC_PORT,
            tls,
            limit: config.INGEST_MAX_BYTES,
            auth,
            budget,
            pipeline,
            deadLetters,
            onDefect,
          });
    if (otlpListener) log.info(`OTLP/gRPC on port ${otlpListener.port}`);
    for (const { start } of features) start?.();

    return {
      url: listener.url,
      grpcPort: otlpListener?.port,
      pipeline,
      async close() {
        stopping.abort();
        // One that cannot save where it ends, on a full disk for instance, keeps no other from its end.
        const ended = (end: Promise<void> | undefined) =>
          end?.catch((error: unknown) => log.warn(`could not stop cleanly: ${error}`));
        await Promise.all([
          ended(listener.stop(STOP_MILLISECONDS)),
          ended(otlpListener?.stop(STOP_MILLISECONDS)),
          ...features.map((feature) => ended(feature.stop())),
        ]);
        slowReaders.stop();
        await ended(requestLog?.close());
        await known.saved();
        await ended(ingest.stop());
        await clickhouse.close();
        redis?.disconnect();
        lock.release();
      },
    };
  } catch (error) {
    await clickhouse.close();
    redis?.disconnect();
    throw error;
  }
}

/** Queries are answered without what cannot be stored, which is better than no answer; it has to be said. */
function lagging({ journaled: { rows, problem } }: ClickHouse): Record<string, string> {
  if (problem === undefined) return {};
  return { journal: `${rows} acknowledged records wait to be stored and are in no answer yet: ${problem}` };
}

async function notReady(clickhouse: ClickHouse): Promise<Record<string, string>> {
  try {
    await clickhouse.query('SELECT 1', { signal: AbortSignal.timeout(5_000) });
    return {};
  } catch {
    return { storage: 'the store does not answer' };
  }
}

function warnOfOpenAddress(config: Config, log: ConsoleLog): void {
  if (isLoopback(config.HOST)) return;
  for (const token of ['INGEST_TOKEN', 'READ_TOKEN'] as const) {
    if (config[token] === undefined) {
      log.warn(`${token} is not set and HOST is ${config.HOST}: whoever reaches this address needs no token`);
    }
  }
}
