import { createHash } from 'node:crypto';
import type { Rule } from '../rules/rule.ts';
import type { AlertState } from './group-state.ts';

/** The details of an event beside its value. */
export interface AlertDetails {
  readonly summary: string;
  readonly kind: Rule['kind'];
  readonly threshold: number;
  readonly description?: string;
  /** The numbers that the value was computed from. */
  readonly numbers?: Readonly<Record<string, number | string>>;
  /** A known failure in the lines: its meaning, what to do, ranks, GPUs. */
  readonly failure?: Readonly<Record<string, string>>;
  /** One of the records that caused the alert. */
  readonly sample?: { readonly id: string; readonly message: string };
  /** Why no notification was sent; undefined where one was. */
  readonly suppressed_by?: 'silence' | 'cooldown' | 'flood';
}

/** One change of one alert, as it is stored, sent and streamed. Times in seconds since 1970. */
export interface AlertEvent {
  /** Sequence number of the event: microseconds since 1970, strictly rising. */
  readonly seq: number;
  /** Id of the alert, the same in all its events from pending to resolved. */
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
  /** The webhooks to send the event to, as JSON of `Webhook`, as the rule had them when it fired. */
  readonly webhooks: readonly string[];
}

/** The id of an alert: a hash of its rule, its group and the time since which the condition holds. */
export function alertId(rule: string, group: string, since: number): string {
  return createHash('sha256')
    .update(JSON.stringify([rule, group, since]))
    .digest('hex')
    .slice(0, 24);
}

/** The id of a message, the same for every attempt to send it, so that a receiver can ignore repetitions. */
export function messageId({ alert, state }: Pick<AlertEvent, 'alert' | 'state'>): string {
  return `${alert}.${state}`;
}

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

/** An event in the form of the API and of SSE. */
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
