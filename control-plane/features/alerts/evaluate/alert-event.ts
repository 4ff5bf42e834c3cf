import { createHash } from 'node:crypto';
import type { Rule } from '../rules/rule.ts';
import type { AlertState } from './group-state.ts';

/** What an alert's event says beyond its value. */
export interface AlertDetails {
  readonly summary: string;
  readonly kind: Rule['kind'];
  readonly threshold: number;
  readonly description?: string;
  /** The numbers that made it. */
  readonly numbers?: Readonly<Record<string, number | string>>;
  /** What the lines say of a known failure: its meaning, what to do, ranks, GPUs. */
  readonly failure?: Readonly<Record<string, string>>;
  /** One of the records that made it. */
  readonly sample?: { readonly id: string; readonly message: string };
  /** Why nobody was told. */
  readonly suppressed_by?: 'silence' | 'cooldown' | 'flood';
}

/** One change of one alert, as it is stored, sent and streamed. Times in seconds since 1970. */
export interface AlertEvent {
  /** Place in the order of events: microseconds since 1970, strictly rising. */
  readonly seq: number;
  /** The same for all events of one alert, from pending to resolved. */
  readonly alert: string;
  readonly rule: string;
  readonly ruleVersion: number;
  readonly severity: Rule['severity'];
  readonly state: AlertState;
  readonly labels: Readonly<Record<string, string>>;
  /** The labels' values as the rule's run names them. */
  readonly group: string;
  readonly since: number;
  readonly at: number;
  readonly value: number;
  readonly details: AlertDetails;
  /** Where it is to be sent, as JSON of `Webhook`: what the rule said when it fired. */
  readonly webhooks: readonly string[];
}

/** An alert's id: one rule, one group, one time since which it held. */
export function alertId(rule: string, group: string, since: number): string {
  return createHash('sha256')
    .update(JSON.stringify([rule, group, since]))
    .digest('hex')
    .slice(0, 24);
}

/** The same for every attempt to send one message, so that a receiver can pass over repetitions. */
export function messageId({ alert, state }: Pick<AlertEvent, 'alert' | 'state'>): string {
  return `${alert}.${state}`;
}

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

/** An event as the API and SSE give it. */
export function formatAlert(event: AlertEvent) {
  const { kind, threshold, summary, description, numbers, failure, sample, suppressed_by } = event.details;
  return {
    id: event.alert,
    rule: event.rule,
    rule_version: event.ruleVersion,
    kind,
    severity: event.severity,
    state: event.state,
    since: iso(event.since),
    timestamp: iso(event.at),
    value: event.value,
    threshold,
    labels: event.labels,
    summary,
    ...(description !== undefined && { description }),
    ...(numbers && { numbers }),
    ...(failure && { failure }),
    ...(sample && { sample }),
    ...(suppressed_by && { suppressed_by }),
  };
}
