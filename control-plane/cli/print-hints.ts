export interface Hint {
  readonly message: string;
  readonly query?: string;
}

/** Says on standard error what in a query that found nothing was probably not meant. */
export function printHints(hints: readonly Hint[] = []): void {
  for (const { message, query } of hints)
    console.error(`logplane: ${message}${query === undefined ? '' : ` Try: ${query}`}`);
}
