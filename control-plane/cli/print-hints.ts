import type { Hint } from '../query/misread-terms.ts';

/** Says on standard error what in a query that found nothing was probably not meant. */
export function printHints(hints: readonly Hint[] = []): void {
  for (const { message, query } of hints)
    console.error(`logplane: ${message}${query === undefined ? '' : ` Try: ${query}`}`);
}
