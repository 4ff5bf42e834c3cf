/** A record as the server gives it: one flat object. */
export interface LogRecord {
  readonly id: string;
  /** RFC 3339 in UTC. */
  readonly timestamp: string;
  /** In upper case. */
  readonly level: string;
  readonly message: string;
  readonly service?: string;
  readonly machine_id?: string;
  readonly [field: string]: unknown;
}

export const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;

export function isError({ level }: Pick<LogRecord, 'level'>): boolean {
  return level === 'ERROR' || level === 'FATAL';
}
