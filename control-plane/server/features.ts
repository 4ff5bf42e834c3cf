import type { Redis } from 'ioredis';
import { LineTimes } from '../../pipeline/ingest/line-times.ts';
import type { Pipeline } from '../../pipeline/ingest/pipeline.ts';
import type { ClickHouse } from '../../pipeline/store/clickhouse.ts';
import type { DeadLetterStore } from '../../pipeline/store/dead-letter-store.ts';
import type { Config } from '../config.ts';
import { createAlerts } from '../features/alerts/index.ts';
import { createArchive } from '../features/archive/index.ts';
import { createBackups } from '../features/backup/index.ts';
import { createFleet } from '../features/fleet/index.ts';
import { startForwarding } from '../features/forward/index.ts';
import { createCollector } from '../features/ingest/collector.ts';
import { startIngest } from '../features/ingest/index.ts';
import { createJobs } from '../features/jobs/index.ts';
import { addReadingRoutes, createLogs } from '../features/logs/index.ts';
import { startNodes } from '../features/nodes/index.ts';
import { createRetention, retentionOf } from '../features/retention/index.ts';
import { startRules } from '../features/rules/index.ts';
import { createSync } from '../features/sync/index.ts';
import type { ConsoleLog } from '../http/console-log.ts';
import type { OpenStreams } from '../http/event-stream.ts';
import type { Feature } from '../http/feature.ts';
import type { ReadBodyOptions } from '../http/read-body.ts';

/** The resources that the server opened for its features. */
export interface FeatureParts {
  readonly clickhouse: ClickHouse;
  readonly redis: Redis | undefined;
  readonly body: ReadBodyOptions;
  readonly openStreams: OpenStreams;
  readonly log: ConsoleLog;
}

export interface Features {
  readonly all: readonly Feature[];
  readonly pipeline: Pipeline;
  readonly deadLetters: DeadLetterStore;
  /** Stores the accepted records; called when everything that may still send some has stopped. */
  readonly stopIngest: () => Promise<void>;
}

/** Starts the features and hands each the interfaces of others that it needs. A further feature is a line here. */
export async function startFeatures(config: Config, parts: FeatureParts): Promise<Features> {
  const { clickhouse, redis, body, openStreams, log } = parts;
  const state = clickhouse.for('state');
  const rules = await startRules(config, { clickhouse, onProblem: log.warn });
  const retention = retentionOf(config, rules.retention);
  const ingest = await startIngest(config, { clickhouse, redis, rules, retention, body, log });
  const { pipeline, store, bus, deadLetters, categorize, knownServices } = ingest;

  const alerts = await createAlerts(config, { clickhouse, bus, openStreams, log });
  const streams = { store: store.for('tails'), bus, open: openStreams, notices: alerts.notices };
  const archive = await createArchive(config, { clickhouse, addReadingRoutes, log });
  const jobs = createJobs({ clickhouse, store, streams, log });
  const sync = await createSync(config, {
    clickhouse,
    pipeline,
    lineTimes: new LineTimes(config.DEFAULT_TIMEZONE),
    categorize,
    knownServices,
    beforeSync: jobs.fetch,
    ownerOf: jobs.ownerOf,
    log,
  });
  const nodes = await startNodes(config, {
    clickhouse: clickhouse.for('tails'),
    redis,
    store,
    bus,
    pipeline,
    redact: rules.redact,
    body,
    openStreams,
    log,
  });

  return {
    // In the order of the API documentation.
    all: [
      ...ingest.features,
      createLogs(clickhouse, streams),
      rules,
      createRetention(config, { clickhouse, bus, retention, archive: archive.archive, log }),
      archive,
      sync,
      jobs,
      nodes,
      await createFleet(config, {
        clickhouse: state,
        ledger: ingest.ledger,
        clockSkews: ingest.clockSkews,
        log,
      }),
      alerts,
      createBackups(config, clickhouse),
      await startForwarding(config, { store: store.for('rules'), bus, onProblem: log.warn }),
      createCollector(config, { pipeline, ledger: ingest.ledger, log }),
    ],
    pipeline,
    deadLetters,
    stopIngest: ingest.stop,
  };
}
