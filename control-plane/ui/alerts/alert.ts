/** An alert as `/api/v1/alerts` gives it. */
export interface Alert {
  readonly id?: string;
  readonly rule: string;
  readonly severity?: string;
  readonly state: string;
  readonly since: string;
  /** When it came to this state. */
  readonly timestamp?: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary?: string;
  readonly held_back?: string;
  readonly sample?: { readonly id: string; readonly message: string };
  /** What is known of this failure: its meaning, what to do. */
  readonly failure?: Readonly<Record<string, string>>;
}

export interface Rule {
  readonly name: string;
  readonly description?: string;
  readonly enabled?: boolean;
  readonly query?: string;
  readonly kind: string;
  readonly field?: string;
  readonly window?: string;
  readonly op?: string;
  readonly threshold?: number;
  readonly for?: string;
  readonly by?: readonly string[];
  readonly severity?: string;
  readonly webhooks?: readonly { readonly url: string; readonly template?: string }[];
  readonly [more: string]: unknown;
}

export const KINDS = [
  'count',
  'rate',
  'absence',
  'new_pattern',
  'anomaly',
  'percentile',
  'share',
  'distinct',
  'gauge',
];
export const OPERATORS = ['>', '>=', '<', '<='];
export const SEVERITIES = ['info', 'warning', 'error', 'critical'];

export function lookOfAlert({ state, severity }: Pick<Alert, 'state' | 'severity'>): string {
  if (state === 'resolved' || state === 'cleared') return 'good';
  return state === 'firing' && severity !== 'info' && severity !== 'warning' ? 'bad' : 'careful';
}

/** What a rule watches, in one line. */
export function describeRule(rule: Rule): string {
  const { kind, field, window, op, threshold, by = [] } = rule;
  const condition = threshold === undefined ? '' : ` ${op ?? '>'} ${threshold}`;
  const groups = by.length > 0 ? ` by ${by.join(', ')}` : '';
  const held = rule.for && rule.for !== '0s' ? ` for ${rule.for}` : '';
  return `${kind}${field ? ` of ${field}` : ''}${condition} in ${window ?? '5m'}${groups}${held}`;
}
