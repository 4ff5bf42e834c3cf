import type { ClickHouse } from '../../../../pipeline/store/clickhouse.ts';
import { explainFailure } from '../failures/explain-failure.ts';
import { summarizeAlert } from '../notify/summarize-alert.ts';
import { type CompiledRule, labelsOf } from '../rules/compile-rule.ts';
import { secondsOf } from '../rules/length-of-time.ts';
import type { BookRule } from '../rules/rule-book.ts';
import { isSilenced, type Silence } from '../silences/silence.ts';
import { type AlertDetails, type AlertEvent, alertId } from './alert-event.ts';
import type { LastNotice } from './alert-store.ts';
import { LATEST_SECONDS } from './read-partial-aggregates.ts';
import type { RuleTransition } from './rule-runs.ts';
import { sampleRecords } from './sample-records.ts';

/** Alerts of one round that get a sample of their records. */
const MAX_SAMPLES = 20;
const SAMPLE_CHARACTERS = 2_000;
/** Notifications of one rule within `NOTICE_SECONDS`; a bound, because senders decide how many groups there are. */
const MAX_NOTICES = 25;
const NOTICE_SECONDS = 600;
const NO_RECORDS: ReadonlySet<string> = new Set(['absence', 'gauge']);

interface OpenAlert {
  /** The last event of an alert that is pending or firing. */
  readonly event: AlertEvent;
  /** The webhooks to notify, as JSON of `Webhook`. */
  webhooks: readonly string[];
}

/**
 * The alerts that are pending or firing. Makes an event of each change, with labels and a sample, and decides whom it notifies: silences,
 * cool-downs and a bound for each rule suppress notifications.
 */
export class OpenAlerts {
  readonly #clickhouse: ClickHouse;
  readonly #open = new Map<string, OpenAlert>();
  /** The last notification of each group, kept as long as its cool-down may suppress another one. */
  readonly #notified = new Map<string, LastNotice>();
  /** Times of each rule's notifications within the last `NOTICE_SECONDS`. */
  readonly #notices = new Map<string, number[]>();
  /** Cool-downs by rule, in seconds. */
  #cooldowns: ReadonlyMap<string, number> = new Map();
  #seq: number;

  /** @param lastSeq the highest sequence number of an event */
  constructor(
    clickhouse: ClickHouse,
    lastSeq: number,
    open: readonly AlertEvent[],
    notices: readonly LastNotice[] = [],
  ) {
    this.#clickhouse = clickhouse;
    this.#seq = lastSeq;
    for (const event of open) {
      this.#open.set(keyOf(event.rule, event.group), { event, webhooks: event.webhooks });
    }
    for (const notice of notices) this.#notified.set(keyOf(notice.rule, notice.group), notice);
  }

  /** The open alerts of a rule, with which its run goes on. */
  openOf(rule: string): AlertEvent[] {
    return Array.from(this.#open.values(), ({ event }) => event).filter((event) => event.rule === rule);
  }

  /** Takes cool-downs and webhooks from the current rules. */
  adopt(rules: readonly BookRule[]): void {
    const byName = new Map(rules.map(({ rule }) => [rule.name, rule]));
    this.#cooldowns = new Map(rules.map(({ rule }) => [rule.name, secondsOf(rule.cooldown)]));
    for (const alert of this.#open.values()) {
      const rule = byName.get(alert.event.rule);
      if (!rule) continue;
      alert.webhooks = rule.webhooks.map((webhook) => JSON.stringify(webhook));
    }
  }

  get openCount(): number {
    return this.#open.size;
  }

  async apply(changes: readonly RuleTransition[], silences: readonly Silence[]): Promise<AlertEvent[]> {
    const events: AlertEvent[] = [];
    let samples = 0;
    for (const { book, compiled, transition } of changes) {
      const { rule } = compiled;
      const { group, state, at, since, value, numbers } = transition;
      const labels = labelsOf(compiled, group);
      const key = keyOf(rule.name, group);
      const before = this.#open.get(key)?.event;
      const wantsSample = state === 'firing' && !NO_RECORDS.has(rule.kind) && samples++ < MAX_SAMPLES;
      const found = wantsSample ? await this.#sample(compiled, group, at) : undefined;
      const details: AlertDetails = {
        ...(before && state === 'resolved' && withoutSuppression(before.details)),
        summary: summarizeAlert(compiled, transition, labels),
        kind: rule.kind,
        threshold: compiled.threshold,
        ...(rule.description !== undefined && { description: rule.description }),
        ...(numbers && { numbers }),
        ...found,
      };
      const webhooks = rule.webhooks.map((webhook) => JSON.stringify(webhook));
      const event = this.#numbered({
        alert: alertId(rule.name, group, before?.since ?? since),
        rule: rule.name,
        ruleVersion: book.version,
        severity: rule.severity,
        state,
        labels,
        group,
        since: before?.since ?? since,
        at,
        value,
        details,
        webhooks: [],
      });
      events.push(this.#decide(key, event, webhooks, silences));
    }
    return events;
  }

  /** Notifies of alerts that are no longer suppressed. @param now seconds since 1970 */
  release(silences: readonly Silence[], now: number): AlertEvent[] {
    for (const [key, { rule, at }] of this.#notified) {
      // Late lines may cause an alert that is an hour old.
      if (now - at >= this.#cooldownOf(rule) + LATEST_SECONDS) this.#notified.delete(key);
    }
    const events: AlertEvent[] = [];
    for (const [key, { event, webhooks }] of this.#open) {
      if (event.state !== 'firing' || event.details.suppressed_by === undefined) continue;
      if (this.#suppressedBy(key, event, silences, now) !== undefined) continue;
      const again = this.#numbered({ ...event, details: withoutSuppression(event.details), at: now });
      events.push(this.#decide(key, again, webhooks, silences));
    }
    return events;
  }

  /** Ends the open alerts of rules that were removed. */
  end(isGone: (rule: string) => boolean, now: number): AlertEvent[] {
    const events: AlertEvent[] = [];
    for (const [key, { event }] of this.#open) {
      if (!isGone(event.rule)) continue;
      this.#open.delete(key);
      const state = event.state === 'firing' ? 'resolved' : 'cleared';
      const details = { ...event.details, summary: `${event.rule}: the rule was removed` };
      events.push(this.#numbered({ ...event, state, at: now, details }));
    }
    return events;
  }

  #decide(
    key: string,
    event: AlertEvent,
    webhooks: readonly string[],
    silences: readonly Silence[],
  ): AlertEvent {
    const before = this.#open.get(key);
    if (event.state === 'resolved' || event.state === 'cleared') {
      this.#open.delete(key);
      // The webhooks that were notified of the firing alert are notified of its end.
      const wasNotified =
        before?.event.state === 'firing' && before.event.details.suppressed_by === undefined;
      return wasNotified && event.state === 'resolved'
        ? { ...event, webhooks: before.event.webhooks }
        : event;
    }
    let notified = event;
    if (event.state === 'firing') {
      const suppressed_by = this.#suppressedBy(key, event, silences, event.at);
      if (suppressed_by) notified = { ...event, details: { ...event.details, suppressed_by } };
      else {
        notified = { ...this.#noticed(event), webhooks };
        this.#notified.set(key, { rule: event.rule, group: event.group, at: event.at });
      }
    }
    this.#open.set(key, { event: notified, webhooks });
    return notified;
  }

  #suppressedBy(
    key: string,
    event: AlertEvent,
    silences: readonly Silence[],
    now: number,
  ): AlertDetails['suppressed_by'] {
    if (isSilenced(silences, event, now * 1000)) return 'silence';
    const notice = this.#notified.get(key);
    if (notice && now - notice.at < this.#cooldownOf(event.rule)) return 'cooldown';
    return this.#noticesOf(event.rule).length >= MAX_NOTICES ? 'flood' : undefined;
  }

  #noticesOf(rule: string): number[] {
    const since = Date.now() / 1000 - NOTICE_SECONDS;
    const recent = (this.#notices.get(rule) ?? []).filter((at) => at > since);
    this.#notices.set(rule, recent);
    return recent;
  }

  /** Counts notifications, and says so in the last one before a rule's further alerts are suppressed. */
  #noticed(event: AlertEvent): AlertEvent {
    const notices = this.#noticesOf(event.rule);
    notices.push(Date.now() / 1000);
    if (notices.length < MAX_NOTICES) return event;
    const summary = `${event.details.summary} (alert ${MAX_NOTICES} of this rule in ${NOTICE_SECONDS / 60} minutes: further ones are suppressed)`;
    return { ...event, details: { ...event.details, summary } };
  }

  #cooldownOf(rule: string): number {
    return this.#cooldowns.get(rule) ?? 0;
  }

  async #sample(
    compiled: CompiledRule,
    group: string,
    at: number,
  ): Promise<Pick<AlertDetails, 'sample' | 'failure'> | undefined> {
    try {
      const records = await sampleRecords(this.#clickhouse, compiled, group, at);
      const [last] = records;
      if (!last) return undefined;
      const failure = explainFailure(records.map(({ message }) => message));
      const message = last.message.slice(0, SAMPLE_CHARACTERS);
      return { sample: { id: String(last.seq), message }, ...(failure && { failure }) };
    } catch {
      // An alert without its sample is better than none.
      return undefined;
    }
  }

  #numbered(event: Omit<AlertEvent, 'seq'>): AlertEvent {
    this.#seq = Math.max(this.#seq + 1, Date.now() * 1000);
    return { ...event, seq: this.#seq };
  }
}

function keyOf(rule: string, group: string): string {
  return JSON.stringify([rule, group]);
}

function withoutSuppression({ suppressed_by: _, ...details }: AlertDetails): AlertDetails {
  return details;
}
