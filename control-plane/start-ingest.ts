import { readFile } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import { BatchQueue } from '../pipeline/batch-queue.ts';
import { type Counters, createCounters } from '../pipeline/counters.ts';
import { KnownRequests } from '../pipeline/known-requests.ts';
import type { LiveBus } from '../pipeline/live/live-bus.ts';
import { Pipeline } from '../pipeline/pipeline.ts';
import { readBackRequests } from '../pipeline/read-back-requests.ts';
import { BUILT_IN_SERVICES, type Categorize } from '../pipeline/record/category.ts';
import type { ClickHouse } from '../pipeline/store/clickhouse.ts';
import { DeadLetterStore } from '../pipeline/store/dead-letter-store.ts';
import { LogStore } from '../pipeline/store/log-store.ts';
import { RequestFinder } from '../pipeline/store/request-finder.ts';
import { migrate } from '../pipeline/store/schema.ts';
import { createCategorizer } from '../pipeline/transforms/categorize.ts';
import { type CategoryFile, parseCategoryRules } from '../pipeline/transforms/category-rules.ts';
import { KnownShapes } from '../pipeline/transforms/known-shapes.ts';
import { createNormalizer } from '../pipeline/transforms/normalize.ts';
import type { Config } from './config.ts';
import type { ConsoleLog } from './console-log.ts';
import { type RunningLiveBus, startLiveBus } from './start-live-bus.ts';
import { type RunningRules, retentionOf, startRules } from './start-rules.ts';

/** The way of a record from its source to the store and to live readers. */
export interface Ingest {
  readonly pipeline: Pipeline;
  readonly store: LogStore;
  readonly deadLetters: DeadLetterStore;
  readonly bus: LiveBus;
  readonly counters: Counters;
  readonly rules: RunningRules;
  readonly categorize: Categorize;
  /** Services that rules know, whether or not there are records of them. */
  readonly knownServices: readonly string[];
  readonly liveBus: RunningLiveBus;
  /** Stores what was accepted. */
  stop(): Promise<void>;
}

/** Brings the schema up to date and goes on where the data folder ends. */
export async function startIngest(
  config: Config,
  clickhouse: ClickHouse,
  redis: Redis | undefined,
  log: ConsoleLog,
): Promise<Ingest> {
  const rules = await startRules(config.RULES_FILE, log.warn);
  await migrate(clickhouse.for('state'), retentionOf(config, rules.retention), config.FSYNC);
  const store = new LogStore(clickhouse);
  const deadLetters = new DeadLetterStore(clickhouse.for('state'), rules.redact.text);
  const lastPlace = await store.lastPlace();

  const counters = createCounters();
  let unpublishedFrom = (): number | undefined => undefined;
  const liveBus = await startLiveBus({
    clickhouse,
    redis,
    lastPlace,
    unpublishedFrom: () => unpublishedFrom(),
    log,
  });
  const { bus } = liveBus;
  const queue = new BatchQueue({
    sequencer: liveBus.sequencer,
    write: (blocks) => clickhouse.append(blocks),
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
  const pipeline = new Pipeline({
    redact: rules.redact,
    sample: rules.sample,
    measure: rules.measure,
    normalize: createNormalizer(recordRules),
    shapes: new KnownShapes({ ...recordRules, redact: rules.redact }),
    queue,
    deadLetters,
    requests,
    counters,
    hasLiveReaders: liveBus.hasReaders,
  });

  // In the background: until it is done, requests that are not known are looked for in the store.
  const stopping = new AbortController();
  const readBack = readBackRequests({
    store: store.for('rules'),
    seen: requests.seen,
    upTo: lastPlace,
    signal: stopping.signal,
  }).catch((error: unknown) => {
    if (stopping.signal.aborted) return;
    const since = new Date(requests.seen.completeSince).toISOString();
    log.warn(
      `could not read which requests are stored from before ${since}: one of them that is sent again is known by its records' time alone: ${error}`,
    );
  });
  return {
    pipeline,
    store,
    deadLetters,
    bus,
    liveBus,
    counters,
    rules,
    categorize,
    knownServices: [...BUILT_IN_SERVICES, ...categories.services],
    async stop() {
      stopping.abort();
      await readBack;
      await queue.drain();
      await liveBus.stop();
    },
  };
}

async function readCategories(path: string | undefined): Promise<CategoryFile> {
  return path === undefined ? { services: [], rules: [] } : parseCategoryRules(await readFile(path, 'utf8'));
}
