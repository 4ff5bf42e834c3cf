export interface Webhook {
  readonly url: string;
  readonly template?: string;
  /** PagerDuty's integration key. */
  readonly routing_key?: string;
}

/** A rule as `/api/v1/alerts/rules` takes it. */
export interface Rule {
  readonly name: string;
  readonly description?: string;
  readonly enabled?: boolean;
  readonly query?: string;
  readonly kind: string;
  /** Of `share`: the query of which the records are a part. */
  readonly of?: string;
  readonly field?: string;
  readonly percentile?: number;
  readonly signal?: string;
  readonly window?: string;
  readonly op?: string;
  readonly threshold?: number;
  readonly min_count?: number;
  readonly direction?: string;
  readonly for?: string;
  readonly by?: readonly string[];
  readonly severity?: string;
  readonly cooldown?: string;
  readonly webhooks?: readonly Webhook[];
}

/** The same as the server lists it. */
export interface ListedRule extends Rule {
  /** Counts the changes that were made here. */
  readonly version: number;
  readonly origin: 'built-in' | 'file' | 'api';
}

export const NEW_RULE: Rule = {
  name: '',
  kind: 'count',
  query: 'level:>=error',
  window: '5m',
  op: '>',
  threshold: 10,
  severity: 'warning',
};

/** Where a rule is changed and deleted. */
export const addressOfRule = (name: string) => `/api/v1/alerts/rules/${encodeURIComponent(name)}`;

/** What was listed, as the server takes it back. */
export function withoutOrigin({ version: _, origin: __, ...rule }: ListedRule): Rule {
  return rule;
}

/** What a rule watches, in one line. */
export function describeRule(rule: Rule): string {
  const { kind, window = '5m', op = '>', threshold, by = [], percentile = 95 } = rule;
  const measured = kind === 'percentile' ? `p${percentile}` : kind.replace('_', ' ');
  const of = rule.field ?? rule.signal;
  const condition = threshold === undefined ? '' : ` ${op} ${threshold}`;
  const groups = by.length > 0 ? ` by ${by.join(', ')}` : '';
  const held = rule.for && !rule.for.startsWith('0') ? ` for ${rule.for}` : '';
  return `${measured}${of ? ` of ${of}` : ''}${condition} in ${window}${groups}${held}`;
}
