/** What the server knows of itself and its agents that no record tells; a rule of kind `gauge` looks at one of them. */
export const SIGNAL_NAMES = ['dead_letters', 'disk_used_share'] as const;

export type SignalName = (typeof SIGNAL_NAMES)[number];
