import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import { BatchQueue } from '../../../pipeline/ingest/batch-queue.ts';
import { ClockSkews } from '../../../pipeline/ingest/clock-skews.ts';
import { createCounters } from '../../../pipeline/ingest/counters.ts';
import type { FileLedger } from '../../../pipeline/ingest/joining/file-ledger.ts';
import { OpenEvents } from '../../../pipeline/ingest/joining/open-events.ts';
import { KnownRequests } from '../../../pipeline/ingest/known-requests.ts';
import { Pipeline, type PipelineOptions } from '../../../pipeline/ingest/pipeline.ts';
import { readBackRequests } from '../../../pipeline/ingest/read-back-requests.ts';
import { RecordReader } from '../../../pipeline/ingest/record-reader.ts';
import { createCategorizer } from '../../../pipeline/ingest/transforms/categorize.ts';
import { type CategoryFile, parseCategoryRules } from '../../../pipeline/ingest/transforms/category-rules.ts';
import { FastPath } from '../../../pipeline/ingest/transforms/fast-path.ts';
import { createNormalizer } from '../../../pipeline/ingest/transforms/normalize.ts';
import type { Redactor } from '../../../pipeline/ingest/transforms/redactor.ts';
import { BUILT_IN_SERVICES, type Categorize } from '../../../pipeline/record/category.ts';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { DeadLetterStore } from '../../../pipeline/store/dead-letter-store.ts';
import type { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import { LogStore } from '../../../pipeline/store/log-store.ts';
import { OpenLineStore } from '../../../pipeline/store/open-line-store.ts';
import { RequestFinder } from '../../../pipeline/store/request-finder.ts';
import type { Retention } from '../../../pipeline/store/retention.ts';
import { migrate } from '../../../pipeline/store/schema.ts';
import type { ConsoleLog } from '../../http/console-log.ts';
import type { Feature } from '../../http/feature.ts';
import type { ReadBodyOptions } from '../../http/read-body.ts';
import type { ServerSettings } from '../../server-settings.ts';
import { addDeadLetterRoutes } from './dead-letter-routes.ts';
import { holeRecords } from './hole-records.ts';
import { addLedgerRoutes } from './ledger-routes.ts';
import { LedgerState } from './ledger-state.ts';
import { startLiveBus } from './live-bus.ts';
import { ingestMetrics } from './metrics.ts';
import { addOtlpRoutes } from './otlp-routes.ts';
import { addIngestRoutes } from './routes.ts';
import type { IngestSettings } from './settings.ts';

/** The path of records from their sources to the store and to live readers. */
export interface Ingest {
  readonly pipeline: Pipeline;
  readonly clockSkews: ClockSkews;
  /** What was written into files and what of it is stored. */
  readonly ledger: FileLedger;
  readonly store: LogStore;
  readonly deadLetters: DeadLetterStore;
  readonly bus: LiveBus;
  readonly categorize: Categorize;
  /** Services in the rules, also those without records. */
  readonly knownServices: readonly string[];
  /** What it adds to the server. It does not stop with other features but by `stop`, after everything that may still send records. */
  readonly features: readonly Feature[];
  /** Stores the accepted records, then stops. */
  stop(): Promise<void>;
}

export interface IngestParts {
  readonly clickhouse: ClickHouse;
  readonly redis: Redis | undefined;
  readonly rules: Pick<PipelineOptions, 'sample' | 'measure'> & { readonly redact: Redactor };
  readonly retention: Retention;
  readonly body: ReadBodyOptions;
  readonly log: ConsoleLog;
}

/** Brings the schema up to date and goes on from the state of the data folder. */
export async function startIngest(
  config: IngestSettings & Pick<ServerSettings, 'DATA_DIR' | 'FSYNC'>,
  { clickhouse, redis, rules, retention, body, log }: IngestParts,
): Promise<Ingest> {
  await migrate(clickhouse.for('state'), retention, config.FSYNC);
  const store = new LogStore(clickhouse);
  const deadLetters = new DeadLetterStore(clickhouse.for('state'), rules.redact.text);
  const lastSequenceNumber = await store.lastSequenceNumber();

  const counters = createCounters();
  const clockSkews = new ClockSkews();
  let unpublishedFrom = (): number | undefined => undefined;
  const liveBus = await startLiveBus({
    clickhouse,
    redis,
    lastSequenceNumber,
    unpublishedFrom: () => unpublishedFrom(),
    log,
  });
  const { bus } = liveBus;
  const queue = new BatchQueue({
    sequencer: liveBus.sequencer,
    write: (blocks) => clickhouse.append('logs', blocks),
    publish: liveBus.publish,
    counters,
  });
  unpublishedFrom = () => queue.unpublishedFrom;
  const finder = new RequestFinder({ store: store.for('tails'), onDamage: log.warn });
  const requests = new KnownRequests({
    findStored: (key, since) => {
      counters.requestsLookedFor++;
      return finder.find(key, since);
    },
    shared: liveBus.sharedRequests,
  });
  const categories = await readCategories(config.CATEGORIES_FILE);
  const categorize = createCategorizer(categories.rules);
  const recordRules = { categorize, defaultTimezone: config.DEFAULT_TIMEZONE };
  const normalize = createNormalizer(recordRules);
  const { redact, sample, measure } = rules;
  const fastPath = new FastPath({ ...recordRules, redact });
  const reader = new RecordReader({ redact, normalize, fastPath, counters });
  const files = new LedgerState(config.DATA_DIR, log.warn);
  await files.load(store.for('tails'), log.warn);
  const openEvents = new OpenEvents({
    ledger: files.ledger,
    store: new OpenLineStore(clickhouse.for('state'), `${hostname()} ${config.DATA_DIR}`),
    reader,
    rows: { sample, measure, queue },
    hasLiveReaders: liveBus.hasReaders,
    onProblem: log.warn,
  });
  await openEvents.restore();
  openEvents.start();
  const pipeline = new Pipeline({
    redact,
    sample,
    measure,
    normalize,
    reader,
    openEvents,
    queue,
    deadLetters,
    requests,
    counters,
    clockSkews,
    hasLiveReaders: liveBus.hasReaders,
  });

  files.start((holes) => pipeline.accept(holeRecords(holes)));

  // In the background. Until it is done, unknown requests are searched in the store.
  const stopping = new AbortController();
  const readBack = readBackRequests({
    store: store.for('rules'),
    seen: requests.seen,
    upTo: lastSequenceNumber,
    signal: stopping.signal,
  }).catch((error: unknown) => {
    if (stopping.signal.aborted) return;
    const since = new Date(requests.seen.completeSince).toISOString();
    log.warn(
      `could not read the stored requests from before ${since}; a repetition of one of them is recognized by the times of its records only: ${error}`,
    );
  });
  return {
    pipeline,
    clockSkews,
    ledger: files.ledger,
    store,
    deadLetters,
    bus,
    categorize,
    knownServices: [...BUILT_IN_SERVICES, ...categories.services],
    features: [
      {
        addRoutes(api) {
          const family = api.family('Ingest', 'Send records, and see what could not be read.');
          addIngestRoutes(family, { pipeline, deadLetters, body });
          addOtlpRoutes(family, { pipeline, deadLetters, body });
          addDeadLetterRoutes(family, { pipeline, deadLetters, body });
          addLedgerRoutes(family, files.ledger);
        },
        metrics: ingestMetrics({ counters, openEvents, ledger: files.ledger, clockSkews }),
      },
      liveBus.feature,
    ],
    async stop() {
      stopping.abort();
      await readBack;
      await openEvents.stop();
      await queue.drain();
      await files.stop();
      await liveBus.stop();
    },
  };
}

async function readCategories(path: string | undefined): Promise<CategoryFile> {
  return path === undefined ? { services: [], rules: [] } : parseCategoryRules(await readFile(path, 'utf8'));
}
