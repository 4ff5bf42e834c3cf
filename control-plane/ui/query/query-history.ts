import { remember, remembered } from '../storage.ts';

const MAX_QUERIES = 50;

/** Queries that were asked in this browser, the newest first. */
export function queryHistory(): readonly string[] {
  return remembered<readonly string[]>('queries', []);
}

export function rememberQuery(query: string): void {
  if (query.trim() === '') return;
  remember('queries', [query, ...queryHistory().filter((other) => other !== query)].slice(0, MAX_QUERIES));
}
