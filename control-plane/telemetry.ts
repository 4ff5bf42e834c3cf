import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Counters } from '../pipeline/counters.ts';

/** What `GET /metrics` answers, in Prometheus' text format. */
export interface Telemetry {
  readonly contentType: string;
  text(): Promise<string>;
}

const COUNTER_METRICS: Readonly<Record<keyof Counters, readonly [name: string, help: string]>> = {
  recordsStored: ['logplane_records_stored_total', 'Records that are durable'],
  recordsRejected: ['logplane_records_rejected_total', 'Entries that became dead letters'],
  requestsAccepted: ['logplane_requests_accepted_total', 'Ingest requests that were stored'],
  requestsDuplicate: ['logplane_requests_duplicate_total', 'Ingest requests that had been stored before'],
  inserts: ['logplane_inserts_total', 'Inserts into the store'],
  insertsFailed: ['logplane_inserts_failed_total', 'Inserts that the store refused; their senders were told'],
  insertSeconds: ['logplane_insert_seconds_total', 'Time spent in inserts'],
};

export interface TelemetryOptions {
  readonly counters: Counters;
  /** HTTP requests that were answered, by endpoint and status. */
  readonly requests: () => Iterable<{
    readonly endpoint: string;
    readonly status: number;
    readonly count: number;
  }>;
  /** Live values by metric name. */
  readonly gauges: Readonly<Record<string, { readonly help: string; readonly read: () => number }>>;
}

export function createTelemetry({ counters, requests, gauges }: TelemetryOptions): Telemetry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const [field, [name, help]] of Object.entries(COUNTER_METRICS)) {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(counters[field as keyof Counters]);
      },
    });
  }
  new Counter({
    name: 'logplane_http_requests_total',
    help: 'HTTP requests that were answered',
    labelNames: ['endpoint', 'status'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { endpoint, status, count } of requests()) this.inc({ endpoint, status }, count);
    },
  });
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
  return { contentType: registry.contentType, text: () => registry.metrics() };
}
