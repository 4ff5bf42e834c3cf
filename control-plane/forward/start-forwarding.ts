import { join } from 'node:path';
import type { LiveBus } from '../../pipeline/live/live-bus.ts';
import type { LogStore } from '../../pipeline/store/log-store.ts';
import { parseFilter } from '../logs/log-filter.ts';
import { createExporter, type Destination } from './destination.ts';
import { Forwarder } from './forwarder.ts';

export interface ForwardingOptions {
  readonly destinations: readonly Destination[];
  readonly store: LogStore;
  readonly bus: LiveBus;
  /** Folder of the cursors. */
  readonly stateDir: string;
  readonly onProblem: (message: string) => void;
}

interface ForwardSeries {
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: () => Iterable<{ readonly destination: string; readonly value: number }>;
}

export interface Forwarding {
  /** Destinations that get nothing, because nobody knows how far they are. */
  readonly impaired: () => Readonly<Record<string, string>>;
  /** What each destination has got, for metrics. */
  readonly series: Readonly<Record<string, ForwardSeries>>;
  stop(): Promise<void>;
}

/** Forwards to every destination by itself, so that one that is away holds up no other. */
export async function startForwarding(options: ForwardingOptions): Promise<Forwarding> {
  const { destinations, store, bus, stateDir, onProblem } = options;
  const forwarders = new Map<string, Forwarder>();
  const impaired: Record<string, string> = {};
  for (const destination of destinations) {
    const { name, query } = destination;
    const forwarder = new Forwarder({
      name,
      store,
      watermark: () => bus.watermark,
      filter: parseFilter({ q: query }),
      exporter: await createExporter(destination),
      stateFile: join(stateDir, `forward-${name}`),
      onProblem,
    });
    try {
      await forwarder.start();
      forwarders.set(name, forwarder);
    } catch (error) {
      // Everything else goes on: to send again what it has, or to pass over what it has not, is for the operator to decide.
      impaired[`forward-${name}`] = `nothing is forwarded to ${name}: ${(error as Error).message}`;
      onProblem(impaired[`forward-${name}`]!);
    }
  }
  const series = (help: string, read: (forwarder: Forwarder) => number): ForwardSeries => ({
    help,
    labels: ['destination'],
    read: () =>
      Array.from(forwarders, ([destination, forwarder]) => ({ destination, value: read(forwarder) })),
  });
  return {
    impaired: () => impaired,
    series: {
      logplane_forward_records_total: series(
        'Records that a destination has taken',
        ({ counters }) => counters.sent,
      ),
      logplane_forward_failures_total: series(
        'Batches that a destination did not take; they are sent again',
        ({ counters }) => counters.failed,
      ),
      logplane_forward_rejected_total: series(
        'Records that a destination refuses for good',
        ({ counters }) => counters.rejected,
      ),
      logplane_forward_lag_seconds: series(
        'Between the newest record and the last one delivered',
        ({ lagSeconds }) => lagSeconds,
      ),
    },
    async stop() {
      await Promise.all(Array.from(forwarders.values(), (forwarder) => forwarder.stop()));
    },
  };
}
