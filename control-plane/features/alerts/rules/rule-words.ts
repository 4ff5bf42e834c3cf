/** The kinds of rules; this file has the words that a rule can choose from, for the pages too. */
export const KINDS = [
  'count',
  'rate',
  'share',
  'percentile',
  'distinct',
  'absence',
  'new_pattern',
  'anomaly',
  'gauge',
] as const;
export const SEVERITIES = ['info', 'warning', 'error', 'critical'] as const;
export const OPERATORS = ['>', '>=', '<', '<='] as const;
export const DIRECTIONS = ['both', 'up', 'down'] as const;

/** Values that the server measures itself, without records; a rule of kind `gauge` reads one of them. */
export const SIGNAL_NAMES = ['dead_letters', 'disk_used_share'] as const;
export type SignalName = (typeof SIGNAL_NAMES)[number];

/** Names of the bodies in `templates/webhooks/`. */
export const WEBHOOK_TEMPLATES = [
  'generic',
  'slack',
  'discord',
  'teams',
  'pagerduty',
  'alertmanager',
] as const;
