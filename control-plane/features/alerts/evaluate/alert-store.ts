import type { ClickHouse, QueryParameters } from '../../../../pipeline/store/clickhouse.ts';
import type { AlertDetails, AlertEvent } from './alert-event.ts';

const COLUMNS = [
  'seq',
  'alert',
  'rule',
  'rule_version',
  'severity',
  'state',
  'labels',
  'group',
  'since',
  'at',
  'value',
  'details',
  'webhooks',
] as const;

type Row = [
  number,
  string,
  string,
  number,
  AlertEvent['severity'],
  AlertEvent['state'],
  string,
  string,
  number,
  number,
  number,
  string,
  string[],
];

const SELECT = `SELECT ${COLUMNS.join(', ')} FROM alert_events`;
/** What version 0.1.0 called `suppressed_by` in the stored details. */
const SUPPRESSED_BY_OF_0_1 = 'held_back';
/** Alerts in one list. */
const MAX_ALERTS = 10_000;

/** The last notification of a firing group; `at` in seconds since 1970. */
export interface LastNotice {
  readonly rule: string;
  readonly group: string;
  readonly at: number;
}

/** The table `alert_events`: every change of every alert. The last event of an alert is its current state. */
export class AlertStore {
  readonly #clickhouse: ClickHouse;

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** Resolves when the events are durable, all or none of them. */
  async append(events: readonly AlertEvent[]): Promise<void> {
    const rows = events.map((event) =>
      JSON.stringify([
        event.seq,
        event.alert,
        event.rule,
        event.ruleVersion,
        event.severity,
        event.state,
        JSON.stringify(event.labels),
        event.group,
        event.since,
        event.at,
        event.value,
        JSON.stringify(event.details).toWellFormed(),
        event.webhooks,
      ]),
    );
    await this.#clickhouse.insert('alert_events', COLUMNS, {
      format: 'JSONCompactEachRow',
      pieces: [Buffer.from(`${rows.join('\n')}\n`)],
    });
  }

  /** The highest sequence number; 0 where there is no event. */
  async lastSequenceNumber(): Promise<number> {
    const [[last] = [0]] = await this.#clickhouse.query<[number]>('SELECT max(seq) FROM alert_events');
    return last;
  }

  /** The last events of alerts that are pending or firing. */
  open(): Promise<AlertEvent[]> {
    return this.#select(
      "WHERE state IN ('pending', 'firing') AND (rule, group, seq) IN (SELECT rule, group, max(seq) FROM alert_events GROUP BY rule, group)",
    );
  }

  /** The last notifications of all groups after a time (seconds since 1970), also where the alert has ended. */
  async lastNotices(since: number): Promise<LastNotice[]> {
    const rows = await this.#clickhouse.query<[string, string, number]>(
      `SELECT rule, group, max(at) AS notified FROM alert_events
       WHERE state = 'firing' AND NOT hasAny(JSONExtractKeys(details), ['suppressed_by', '${SUPPRESSED_BY_OF_0_1}'])
       GROUP BY rule, group HAVING notified > {since:Float64}`,
      { parameters: { since } },
    );
    return rows.map(([rule, group, at]) => ({ rule, group, at }));
  }

  /** The last events of alerts that are open or ended after a time (seconds since 1970); the newest first. */
  current(endedAfter: number): Promise<AlertEvent[]> {
    return this.#select(
      `WHERE (rule, group, seq) IN (SELECT rule, group, max(seq) FROM alert_events GROUP BY rule, group)
         AND state != 'cleared' AND (state != 'resolved' OR at > {ended:Float64})
       ORDER BY seq DESC LIMIT ${MAX_ALERTS}`,
      { ended: endedAfter },
    );
  }

  /** The last events of a rule, or of all; the newest first. */
  history(limit: number, rule: string | undefined): Promise<AlertEvent[]> {
    const where = rule === undefined ? '' : 'WHERE rule = {rule:String}';
    return this.#select(`${where} ORDER BY seq DESC LIMIT {limit:UInt32}`, {
      limit,
      ...(rule !== undefined && { rule }),
    });
  }

  /** Events behind a sequence number, oldest first. */
  after(after: number, limit: number): Promise<AlertEvent[]> {
    return this.#select('WHERE seq > {after:UInt64} ORDER BY seq LIMIT {limit:UInt32}', { after, limit });
  }

  /** The first event behind a sequence number that has to be sent to a webhook, which is given as its JSON. */
  async nextFor(webhook: string, after: number): Promise<AlertEvent | undefined> {
    const [event] = await this.#select(
      'WHERE seq > {after:UInt64} AND has(webhooks, {webhook:String}) ORDER BY seq LIMIT 1',
      { after, webhook },
    );
    return event;
  }

  /** Every webhook, as its JSON, that events after a time (seconds since 1970) have to be sent to, with its first and last event. */
  async webhooksSince(time: number): Promise<{ webhook: string; first: number; last: number }[]> {
    const rows = await this.#clickhouse.query<[string, number, number]>(
      'SELECT arrayJoin(webhooks) AS webhook, min(seq), max(seq) FROM alert_events WHERE seq > {after:UInt64} GROUP BY webhook LIMIT 1000',
      { parameters: { after: Math.floor(time * 1e6) } },
    );
    return rows.map(([webhook, first, last]) => ({ webhook, first, last }));
  }

  /** Number of events behind a sequence number that have to be sent to a webhook. */
  async waitingFor(webhook: string, after: number): Promise<number> {
    const [[count] = [0]] = await this.#clickhouse.query<[number]>(
      'SELECT count() FROM alert_events WHERE seq > {after:UInt64} AND has(webhooks, {webhook:String})',
      { parameters: { after, webhook } },
    );
    return count;
  }

  async #select(clauses: string, parameters: QueryParameters = {}): Promise<AlertEvent[]> {
    const rows = await this.#clickhouse.query<Row>(`${SELECT} ${clauses}`, { parameters });
    return rows.map(
      ([
        seq,
        alert,
        rule,
        ruleVersion,
        severity,
        state,
        labels,
        group,
        since,
        at,
        value,
        details,
        webhooks,
      ]) => ({
        seq,
        alert,
        rule,
        ruleVersion,
        severity,
        state,
        labels: JSON.parse(labels),
        group,
        since,
        at,
        value,
        details: parseDetails(details),
        webhooks,
      }),
    );
  }
}

function parseDetails(text: string): AlertDetails {
  const { [SUPPRESSED_BY_OF_0_1]: suppressed_by, ...details } = JSON.parse(text);
  return suppressed_by === undefined ? details : { ...details, suppressed_by };
}
