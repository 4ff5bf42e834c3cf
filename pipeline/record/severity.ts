/** The five levels that a stored record can have, mildest first (OpenTelemetry's ranges without TRACE). */
export const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;

export type Level = (typeof LEVELS)[number];
