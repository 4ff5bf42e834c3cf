import { join } from 'node:path';
import type { LiveBus } from '../../../pipeline/store/live/live-bus.ts';
import type { LogStore } from '../../../pipeline/store/log-store.ts';
import type { Feature } from '../../http/feature.ts';
import type { Metric } from '../../http/metrics.ts';
import { parseFilter } from '../../query/log-filter.ts';
import type { ServerSettings } from '../../server-settings.ts';
import { createExporter } from './destination.ts';
import { Forwarder } from './forwarder.ts';
import { readDestinations } from './read-destinations.ts';
import type { ForwardSettings } from './settings.ts';

export interface ForwardParts {
  readonly store: LogStore;
  readonly bus: LiveBus;
  readonly onProblem: (message: string) => void;
}

/** Forwards to every destination independently, so that an unreachable one holds up no other. */
export async function startForwarding(
  config: ForwardSettings & Pick<ServerSettings, 'DATA_DIR'>,
  { store, bus, onProblem }: ForwardParts,
): Promise<Feature> {
  const forwarders = new Map<string, Forwarder>();
  const impaired: Record<string, string> = {};
  for (const destination of readDestinations(config)) {
    const { name, query } = destination;
    const forwarder = new Forwarder({
      name,
      store,
      watermark: () => bus.watermark,
      filter: parseFilter({ q: query }),
      exporter: await createExporter(destination),
      stateFile: join(config.DATA_DIR, 'state', `forward-${name}`),
      onProblem,
    });
    try {
      await forwarder.start();
      forwarders.set(name, forwarder);
    } catch (error) {
      // Everything else goes on. The operator has to decide whether to send records again or to skip some.
      impaired[`forward-${name}`] = `nothing is forwarded to ${name}: ${(error as Error).message}`;
      onProblem(impaired[`forward-${name}`]!);
    }
  }
  const series = (help: string, read: (forwarder: Forwarder) => number): Metric => ({
    help,
    labels: ['destination'],
    read: () =>
      Array.from(forwarders, ([destination, forwarder]) => ({ destination, value: read(forwarder) })),
  });
  return {
    impaired: () => impaired,
    metrics: {
      logplane_forward_records_total: series(
        'Records that a destination has accepted',
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
      logplane_forward_unreadable_total: series(
        'Records that were passed over because they cannot be read',
        ({ counters }) => counters.passedOver,
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
