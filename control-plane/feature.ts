import type { Registry } from 'prom-client';
import type { TelemetryOptions } from './telemetry.ts';

/** A part of the server that runs beside ingest and queries: what it shows of itself, and its begin and end. */
export interface Feature {
  readonly gauges?: TelemetryOptions['gauges'];
  readonly series?: TelemetryOptions['series'];
  /** Metrics that it keeps itself. */
  readonly registry?: Registry;
  /** What it cannot do now, by part, with the reason: told by `/readyz`, and no reason to send requests elsewhere. */
  readonly impaired?: () => Readonly<Record<string, string>>;
  /** Called once the server listens. */
  readonly start?: () => void;
  /** Finishes what is under way; all stop side by side, while the store is still open. */
  readonly stop: () => Promise<void>;
}

export function gaugesOf(features: readonly Feature[]): TelemetryOptions['gauges'] {
  return Object.assign({}, ...features.map(({ gauges }) => gauges));
}

export function seriesOf(features: readonly Feature[]): TelemetryOptions['series'] {
  return Object.assign({}, ...features.map(({ series }) => series));
}

export function registriesOf(features: readonly Feature[]): Registry[] {
  return features.flatMap(({ registry }) => registry ?? []);
}

export function impairedOf(features: readonly Feature[]): Record<string, string> {
  return Object.assign({}, ...features.map(({ impaired }) => impaired?.()));
}
