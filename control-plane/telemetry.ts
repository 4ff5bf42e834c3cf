import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Counters } from '../pipeline/counters.ts';
import { turnsEnded } from '../pipeline/loop-turns.ts';

/** What `GET /metrics` answers, in Prometheus' text format. */
export interface Telemetry {
  readonly contentType: string;
  text(): Promise<string>;
}

const COUNTER_METRICS: Readonly<
  Record<Exclude<keyof Counters, 'recordsTooLarge'>, readonly [name: string, help: string]>
> = {
  recordsStored: ['logplane_records_stored_total', 'Records that are durable'],
  recordsRejected: ['logplane_records_rejected_total', 'Entries that became dead letters'],
  requestsAccepted: ['logplane_requests_accepted_total', 'Ingest requests that were stored'],
  requestsDuplicate: ['logplane_requests_duplicate_total', 'Ingest requests that had been stored before'],
  requestsLookedFor: [
    'logplane_requests_looked_for_total',
    'Ingest requests that were looked for in the store, as they may have been stored before',
  ],
  inserts: ['logplane_inserts_total', 'Inserts into the store'],
  insertsFailed: ['logplane_inserts_failed_total', 'Inserts that the store refused; their senders were told'],
  insertSeconds: ['logplane_insert_seconds_total', 'Time spent in inserts'],
};

export interface Series {
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: () => Iterable<{ readonly value: number } & Readonly<Record<string, string | number>>>;
}

const ingestSeries = ({ recordsTooLarge }: Counters): Record<string, Series> => ({
  logplane_records_too_large_total: {
    help: 'Records, or pieces of one, that are kept as text because they exceed a limit',
    labels: ['limit'],
    read: () => Object.entries(recordsTooLarge).map(([limit, value]) => ({ limit, value })),
  },
  logplane_ingest_turns_total: {
    help: 'How often ingest stopped in its work to let others have the event loop',
    labels: [],
    read: () => [{ value: turnsEnded() }],
  },
});

export interface TelemetryOptions {
  readonly counters: Counters;
  /** Values with labels that are kept elsewhere, by metric name; those named `…_total` are counters. */
  readonly series: Readonly<Record<string, Series>>;
  /** Metrics that are kept elsewhere as they are shown. */
  readonly registries: readonly Registry[];
  /** Live values by metric name. */
  readonly gauges: Readonly<Record<string, { readonly help: string; readonly read: () => number }>>;
}

export function createTelemetry({ counters, series, registries, gauges }: TelemetryOptions): Telemetry {
  const registry = new Registry();
  // At the library's own 10 ms, watching the event loop takes 1 % of a core from a server that does nothing.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  for (const [field, [name, help]] of Object.entries(COUNTER_METRICS)) {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(counters[field as keyof typeof COUNTER_METRICS]);
      },
    });
  }
  for (const [name, { help, labels, read }] of Object.entries({ ...ingestSeries(counters), ...series })) {
    const Metric = name.endsWith('_total') ? Counter : Gauge;
    new Metric({
      name,
      help,
      labelNames: [...labels],
      registers: [registry],
      collect() {
        this.reset();
        for (const { value, ...given } of read()) this.inc(given, value);
      },
    });
  }
  for (const [name, { help, read }] of Object.entries(gauges)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  }
  const all = Registry.merge([registry, ...registries]);
  return { contentType: all.contentType, text: () => all.metrics() };
}
