/** An alert as `/api/v1/alerts` gives it, or one change of it as its history does. */
export interface Alert {
  /** The same from pending to resolved. */
  readonly id: string;
  readonly rule: string;
  readonly severity: string;
  readonly state: 'pending' | 'firing' | 'resolved' | 'cleared';
  readonly since: string;
  /** When it came to this state. */
  readonly timestamp: string;
  readonly value: number;
  readonly threshold: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly description?: string;
  readonly suppressed_by?: string;
  readonly sample?: { readonly id: string; readonly message: string };
  /** What is known of this failure: its meaning, what to do. */
  readonly failure?: Readonly<Record<string, string>>;
}

export function lookOfAlert({ state, severity }: Pick<Alert, 'state' | 'severity'>): string {
  if (state === 'resolved' || state === 'cleared') return 'good';
  return state === 'firing' && severity !== 'info' && severity !== 'warning' ? 'bad' : 'careful';
}

/** `12 in 5m` of `error-burst (service=api): 12 in 5m`: what is measured stands behind the last colon. */
export function measuredOf({ summary }: Pick<Alert, 'summary'>): string {
  return summary.slice(summary.lastIndexOf(': ') + 1).trim();
}
