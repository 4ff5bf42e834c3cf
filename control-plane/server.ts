import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Context } from 'koa';
import { BatchQueue } from '../pipeline/batch-queue.ts';
import { createCounters } from '../pipeline/counters.ts';
import { deliverFiles } from '../pipeline/deliver-files.ts';
import { LiveBus } from '../pipeline/live/live-bus.ts';
import { Pipeline } from '../pipeline/pipeline.ts';
import { BUILT_IN_SERVICES } from '../pipeline/record/category.ts';
import { RequestWindow } from '../pipeline/request-window.ts';
import { loadRequestWindow, saveRequestWindow } from '../pipeline/request-window-file.ts';
import { Sequencer } from '../pipeline/sequencer.ts';
import { createFileCollector } from '../pipeline/sources/files/file-collector.ts';
import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import { connectClickHouseServer } from '../pipeline/store/clickhouse-server.ts';
import { DeadLetterStore } from '../pipeline/store/dead-letter-store.ts';
import { openEmbeddedClickHouse } from '../pipeline/store/embedded-clickhouse.ts';
import { LogStore } from '../pipeline/store/log-store.ts';
import { migrate } from '../pipeline/store/schema.ts';
import { createCategorizer } from '../pipeline/transforms/categorize.ts';
import { type CategoryFile, parseCategoryRules } from '../pipeline/transforms/category-rules.ts';
import { createNormalizer } from '../pipeline/transforms/normalize.ts';
import { adminToken } from './admin-token.ts';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import type { ConsoleLog } from './console-log.ts';
import { downSources, syncGauges } from './files/sync-status.ts';
import { readDestinations } from './forward/read-destinations.ts';
import { startForwarding } from './forward/start-forwarding.ts';
import { createAuth } from './http/auth.ts';
import { BodyBudget } from './http/body-budget.ts';
import { RequestCounts } from './http/request-counts.ts';
import { StreamLimit } from './http/stream-limit.ts';
import { JobRunStore } from './jobs/job-run-store.ts';
import { startOtlpListener } from './otlp-listener.ts';
import { startRequestLog } from './request-log.ts';
import { createSync } from './start-sync.ts';
import { createTelemetry } from './telemetry.ts';

const SAVE_WINDOW_MILLISECONDS = 30_000;
/** Bodies in memory at once, unpacked; each becomes about four times as much while it is taken in. */
const BODY_BUDGET_BYTES = 128 * 1024 * 1024;
const STOP_MILLISECONDS = 8_000;
/** Longer than the 30 s for which Fluent Bit keeps an idle connection, so that it never writes into a closed one. */
const KEEP_ALIVE_MILLISECONDS = 65_000;

export interface RunningServer {
  /** `http://host:port` */
  readonly url: string;
  /** Of the OTLP/gRPC listener; undefined where it is off. */
  readonly grpcPort: number | undefined;
  readonly pipeline: Pipeline;
  /** Stops accepting, finishes what was accepted, ends open streams and closes the store. */
  close(): Promise<void>;
}

/** Puts the parts together and starts them; `close` stops them in reverse order. */
export async function startServer(config: Config, log: ConsoleLog): Promise<RunningServer> {
  const clickhouse = await openClickHouse(config);
  const stopping = new AbortController();
  // Every open stream listens to it.
  setMaxListeners(Number.POSITIVE_INFINITY, stopping.signal);
  try {
    await migrate(clickhouse, { days: config.RETENTION_DAYS, errorDays: config.ERROR_RETENTION_DAYS });
    const store = new LogStore(clickhouse);
    const deadLetters = new DeadLetterStore(clickhouse);
    const lastPlace = await store.lastPlace();

    const window = new RequestWindow();
    const windowPath = join(config.DATA_DIR, 'state', 'requests');
    const savedPlace = await loadRequestWindow(windowPath, window);
    for (const request of await store.requestsAfter(savedPlace)) window.record(request);

    const counters = createCounters();
    const bus = new LiveBus(lastPlace);
    const queue = new BatchQueue({
      sequencer: new Sequencer(lastPlace),
      write: (rows) => store.append(rows),
      publish: (last, records) => bus.publish(last, records),
      counters,
    });
    const categories = await readCategories(config.CATEGORIES_FILE);
    const categorize = createCategorizer(categories.rules);
    const normalize = createNormalizer({
      categorize,
      defaultTimezone: config.DEFAULT_TIMEZONE,
    });
    const pipeline = new Pipeline({
      normalize,
      queue,
      deadLetters,
      window,
      counters,
      hasLiveReaders: () => bus.listenerCount > 0,
    });

    const jobRuns = new JobRunStore(clickhouse);
    const sync = await createSync(config, { clickhouse, pipeline, categorize, jobRuns, log });

    const saveWindow = () => saveRequestWindow(windowPath, window, bus.watermark);
    const saving = setInterval(() => {
      saveWindow().catch((error: unknown) => log.warn(`could not save ${windowPath}: ${error}`));
    }, SAVE_WINDOW_MILLISECONDS);

    const forwarding = await startForwarding({
      destinations: readDestinations(config),
      store,
      bus,
      stateDir: join(config.DATA_DIR, 'state'),
      onProblem: log.warn,
    });

    const budget = new BodyBudget(BODY_BUDGET_BYTES);
    const auth = createAuth({
      ingestToken: config.INGEST_TOKEN,
      readToken: config.READ_TOKEN,
      adminToken: await adminToken(config, log.info),
      guardChanges: config.ADMIN_TOKEN !== undefined || !isLoopback(config.HOST),
      allowedOrigins: config.CORS_ORIGIN,
    });
    const requestLog = startRequestLog({
      files: config.LOG_API_CALLS ? config.LOG_DIR : undefined,
      maxBytes: config.LOG_MAX_BYTES,
      backups: config.LOG_BACKUP_COUNT,
      store: config.SELF_INGEST ? { pipeline, machineId: config.MACHINE_ID } : undefined,
      onProblem: log.warn,
    });
    const requestCounts = new RequestCounts();
    const onDefect = (error: unknown, context?: Context) => {
      log.error(`unexpected error: ${error instanceof Error ? error.stack : error}`);
      requestLog?.logDefect(error, context);
    };
    const app = createApp({
      auth,
      pipeline,
      deadLetters,
      clickhouse,
      store,
      bus,
      jobRuns,
      syncSources: sync.sources,
      syncSchedule: sync.schedule,
      streams: new StreamLimit(config.MAX_STREAMS_PER_CLIENT),
      knownServices: [...BUILT_IN_SERVICES, ...categories.services],
      stopping: stopping.signal,
      body: { budget, limit: config.INGEST_MAX_BYTES },
      corsOrigins: config.CORS_ORIGIN,
      version: await packageVersion(),
      telemetry: createTelemetry({
        counters,
        series: {
          logplane_http_requests_total: {
            help: 'HTTP requests that were answered',
            labels: ['endpoint', 'status'],
            read: () => requestCounts,
          },
          ...forwarding.series,
        },
        gauges: {
          logplane_live_readers: { help: 'Open live streams', read: () => bus.listenerCount },
          ...syncGauges(sync.sources),
          logplane_body_bytes: { help: 'Bytes of request bodies in memory', read: () => budget.held },
        },
      }),
      notReady: () => notReady(clickhouse),
      onDefect,
      requestCounts,
      requestLog: requestLog?.middleware,
      impaired: () => downSources(sync.sources),
    });

    for (const token of ['INGEST_TOKEN', 'READ_TOKEN'] as const) {
      if (!isLoopback(config.HOST) && config[token] === undefined) {
        log.warn(
          `${token} is not set and HOST is ${config.HOST}: whoever reaches this address needs no token`,
        );
      }
    }
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MILLISECONDS }, app.callback());
    await listen(server, config.PORT, config.HOST);
    const { address, port, family } = server.address() as AddressInfo;
    const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    log.info(`listening on ${url}`);

    const otlpListener =
      config.GRPC_PORT === 0
        ? undefined
        : await startOtlpListener({
            host: config.HOST,
            port: config.GRPC_PORT,
            limit: config.INGEST_MAX_BYTES,
            auth,
            budget,
            pipeline,
            deadLetters,
            onDefect,
          });
    if (otlpListener) log.info(`OTLP/gRPC on port ${otlpListener.port}`);

    const collector =
      config.LOG_PATHS.length === 0
        ? undefined
        : createFileCollector({
            paths: config.LOG_PATHS,
            stateFile: join(config.DATA_DIR, 'state', 'files'),
            deliver: deliverFiles(pipeline, config.MACHINE_ID),
            onProblem: log.warn,
          });
    collector?.start();
    sync.schedule.start();

    return {
      url,
      grpcPort: otlpListener?.port,
      pipeline,
      async close() {
        stopping.abort();
        await Promise.all([collector?.stop(), sync.stop()]);
        clearInterval(saving);
        await Promise.all([closeServer(server), otlpListener?.stop(STOP_MILLISECONDS), forwarding.stop()]);
        await requestLog?.close();
        await queue.drain();
        await saveWindow();
        await clickhouse.close();
      },
    };
  } catch (error) {
    await clickhouse.close();
    throw error;
  }
}

async function openClickHouse(config: Config): Promise<ClickHouse> {
  const database = config.CLICKHOUSE_DATABASE;
  if (config.CLICKHOUSE_URL === undefined) {
    return openEmbeddedClickHouse({ path: join(config.DATA_DIR, 'clickhouse'), database });
  }
  return connectClickHouseServer({
    url: config.CLICKHOUSE_URL,
    user: config.CLICKHOUSE_USER,
    password: config.CLICKHOUSE_PASSWORD,
    database,
  });
}

async function readCategories(path: string | undefined): Promise<CategoryFile> {
  return path === undefined ? { services: [], rules: [] } : parseCategoryRules(await readFile(path, 'utf8'));
}

async function notReady(clickhouse: ClickHouse): Promise<Record<string, string>> {
  try {
    await clickhouse.query('SELECT 1', { signal: AbortSignal.timeout(5_000) });
    return {};
  } catch {
    return { storage: 'the store does not answer' };
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

/** Waits for requests under way; connections that are still open after that are cut. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), STOP_MILLISECONDS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

async function packageVersion(): Promise<string> {
  const packageFile = new URL(
    import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json',
    import.meta.url,
  );
  return (JSON.parse(await readFile(packageFile, 'utf8')) as { version: string }).version;
}
