import type { Registry } from 'prom-client';
import type { Api } from './api.ts';
import type { Metrics } from './metrics.ts';

/** A part of the server: what it adds to the HTTP interface and to the metrics, its begin and its end. */
export interface Feature {
  /** Declares its routes. */
  readonly addRoutes?: (api: Api) => void;
  readonly metrics?: Metrics;
  /** Metrics that it keeps as Prometheus shows them. */
  readonly registry?: Registry;
  /** What it cannot do now, by part, with the reason: shown by `/readyz`, and no reason to send requests elsewhere. */
  readonly impaired?: () => Readonly<Record<string, string>>;
  /** What the server cannot be used without and does not answer, by part, with the reason: `/readyz` is a 503. */
  readonly notReady?: () => Promise<Readonly<Record<string, string>>>;
  /** Called once the server listens. */
  readonly start?: () => void;
  /** Finishes what is under way; all stop side by side, while the store is still open. */
  readonly stop?: () => Promise<void>;
}

export async function notReadyOf(features: readonly Feature[]): Promise<Record<string, string>> {
  const found = await Promise.all(features.map(({ notReady }) => notReady?.()));
  return Object.assign({}, ...found);
}

export function impairedOf(features: readonly Feature[]): Record<string, string> {
  return Object.fromEntries(features.flatMap(({ impaired }) => Object.entries(impaired?.() ?? {})));
}
