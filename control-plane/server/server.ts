import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { Context } from 'koa';
import type { Pipeline } from '../../pipeline/ingest/pipeline.ts';
import type { FolderLock } from '../../pipeline/runtime/folder-lock.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import type { Config } from '../config.ts';
import { Api } from '../http/api.ts';
import { createAuth } from '../http/auth.ts';
import { BodyBudget } from '../http/body-budget.ts';
import type { ConsoleLog } from '../http/console-log.ts';
import { type Feature, impairedOf, notReadyOf } from '../http/feature.ts';
import { KnownTokens } from '../http/known-tokens.ts';
import { createMetricsPage, type Metrics } from '../http/metrics.ts';
import { isLoopback, OwnNames } from '../http/own-names.ts';
import { packageVersion } from '../http/package-version.ts';
import { readPageFiles } from '../http/page-files.ts';
import { PendingRecords } from '../http/pending-records.ts';
import { RequestCounts } from '../http/request-counts.ts';
import { startRequestLog } from '../http/request-log.ts';
import { SlowReaders } from '../http/slow-readers.ts';
import { StreamLimit } from '../http/stream-limit.ts';
import { adminToken } from './admin-token.ts';
import { createApp } from './app.ts';
import { openClickHouse } from './clickhouse.ts';
import { startDamageReport } from './damage-report.ts';
import { divideMemory, memoryProblems } from './divide-memory.ts';
import { startFeatures } from './features.ts';
import { startHttpListener } from './http-listener.ts';
import { memoryLimit } from './memory-limit.ts';
import { startOtlpListener } from './otlp-listener.ts';
import { openRedis } from './redis.ts';
import { addDocumentRoutes } from './routes/document.ts';
import { addOperationsRoutes } from './routes/operations.ts';
import { addSessionRoutes } from './routes/session.ts';
import { addWebPageRoutes } from './routes/web-pages.ts';
import { takeDataDir } from './take-data-dir.ts';
import { readTls } from './tls.ts';

const STOP_MILLISECONDS = 8_000;

export interface RunningServer {
  /** `http://host:port`, with TLS `https://host:port` */
  readonly url: string;
  /** Port of the OTLP/gRPC listener; undefined where it is off. */
  readonly grpcPort: number | undefined;
  readonly pipeline: Pipeline;
  /** Stops accepting requests, finishes the accepted ones, ends open streams and closes the store. */
  close(): Promise<void>;
}

/**
 * Creates the parts of the server and starts them; `close` stops them in reverse order.
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
    const budget = new BodyBudget(memory.bodies);
    const body = { budget, limit: config.INGEST_MAX_BYTES };
    const slowReaders = new SlowReaders({ maxBytes: memory.answers });
    const openStreams = {
      streams: new StreamLimit(config.MAX_STREAMS_PER_CLIENT),
      slowReaders,
      stopping: stopping.signal,
      maxMinutes: config.STREAM_MAX_MINUTES,
    };
    const started = await startFeatures(config, { clickhouse, redis, body, openStreams, log });
    const { pipeline, deadLetters } = started;
    const state = clickhouse.for('state');

    const { auth, known, ownNames } = await openAuth(config, log);
    const requestLog = startRequestLog({
      files: config.LOG_API_CALLS ? config.LOG_DIR : undefined,
      maxBytes: config.LOG_MAX_BYTES,
      backups: config.LOG_BACKUP_COUNT,
      print: config.DEBUG ? log.debug : undefined,
      store: config.SELF_INGEST ? { pipeline, machineId: config.MACHINE_ID } : undefined,
      onProblem: log.warn,
    });
    const onDefect = (error: unknown, context?: Context) => {
      log.error(`unexpected error: ${error instanceof Error ? error.stack : error}`);
      requestLog?.logDefect(error, context);
    };
    const requestCounts = new RequestCounts();
    const features: Feature[] = [
      ...started.all,
      await startDamageReport(state, config.DATA_DIR, log),
      ...further,
      {
        metrics: serverMetrics({ requestCounts, slowReaders, clickhouse, budget }),
        notReady: () => notReady(state),
        impaired: () => lagging(clickhouse),
      },
    ];
    const version = packageVersion();
    const api = new Api({
      auth,
      body,
      slowReaders,
      defaults: { timezone: config.DEFAULT_TIMEZONE },
      pending: new PendingRecords(clickhouse.journaled),
    });
    for (const { addRoutes } of features) addRoutes?.(api);
    addOperationsRoutes(api.family('Operations', 'Health, metrics, sign-in, backups and this document.'), {
      version,
      metricsPage: createMetricsPage(
        features.map(({ metrics = {} }) => metrics),
        features.flatMap(({ registry }) => registry ?? []),
      ),
      notReady: () => notReadyOf(features),
      impaired: () => impairedOf(features),
    });
    addSessionRoutes(api.family('Operations'), { auth });
    addWebPageRoutes(api.family('Web pages', 'The pages that a browser shows.'), {
      pageFiles: readPageFiles(config.BASE_PATH),
      frameAncestors: config.FRAME_ANCESTORS,
    });
    addDocumentRoutes(api, { version, basePath: config.BASE_PATH });
    const app = createApp(api, {
      auth,
      corsOrigins: config.CORS_ORIGIN,
      ownNames,
      publicUrl: config.PUBLIC_URL,
      basePath: config.BASE_PATH,
      proxies: config.TRUST_PROXY,
      onDefect,
      requestCounts,
      requestLog: requestLog?.middleware,
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
        // A part that cannot save its state, on a full disk for instance, must not keep the others from stopping.
        const ended = (end: Promise<void> | undefined) =>
          end?.catch((error: unknown) => log.warn(`could not stop cleanly: ${error}`));
        await Promise.all([
          ended(listener.stop(STOP_MILLISECONDS)),
          ended(otlpListener?.stop(STOP_MILLISECONDS)),
          ...features.map(({ stop }) => ended(stop?.())),
        ]);
        slowReaders.stop();
        await ended(requestLog?.close());
        await known.saved();
        await ended(started.stopIngest());
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

/** The tokens that grant access, and the names under which this server answers. */
async function openAuth(config: Config, log: ConsoleLog) {
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
    ownNames: isLoopback(config.HOST) ? ownNames : undefined,
    publicUrl: config.PUBLIC_URL,
    basePath: config.BASE_PATH,
    known,
    guardChanges: config.ADMIN_TOKEN !== undefined || !isLoopback(config.HOST),
  });
  return { auth, known, ownNames };
}

function serverMetrics({
  requestCounts,
  slowReaders,
  clickhouse,
  budget,
}: {
  readonly requestCounts: RequestCounts;
  readonly slowReaders: SlowReaders;
  readonly clickhouse: ClickHouse;
  readonly budget: BodyBudget;
}): Metrics {
  return {
    logplane_http_requests_total: {
      help: 'HTTP requests that were answered',
      labels: ['endpoint', 'status'],
      read: () => requestCounts,
    },
    logplane_slow_readers_ended_total: {
      help: 'Connections that were closed because the client read nothing for 30 s, or too much waited for all clients',
      labels: ['reason'],
      read: () => slowReaders.ended,
    },
    logplane_answer_bytes: {
      help: 'Bytes of responses that wait for their clients',
      read: () => slowReaders.waitingBytes,
    },
    logplane_journaled_records: {
      help: 'Records that are durable in the journal and not yet in their table',
      read: () => clickhouse.journaled.rows,
    },
    logplane_body_bytes: { help: 'Bytes of request bodies in memory', read: () => budget.held },
  };
}

/** A warning where records cannot be stored now: queries are answered without them, which is better than no answer. */
function lagging({ journaled: { rows, problem } }: ClickHouse): Record<string, string> {
  if (problem === undefined) return {};
  return {
    journal: `${rows} acknowledged records are in the journal and in no query result yet: ${problem}`,
  };
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
      log.warn(
        `${token} is not set and HOST is ${config.HOST}: everybody who reaches this address has access without a token`,
      );
    }
  }
}
