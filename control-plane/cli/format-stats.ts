import { harmlessLine } from '../../pipeline/record/special-characters.ts';
import type { EntryStats } from '../features/logs/request-stats-builder.ts';
import { paint } from './terminal.ts';

/** The statistics for people. */
export function formatStats(stats: EntryStats): string {
  const { total_requests, endpoints, methods, status_codes, avg_response_time } = stats.api_stats;
  return [
    paint(`Last ${stats.timeframe_hours} hours`, 'bold'),
    `requests: ${total_requests}`,
    `average response time: ${avg_response_time} ms`,
    ...section('endpoints', endpoints),
    ...section('methods', methods),
    ...section('status codes', status_codes),
    formatErrors(stats),
  ].join('\n');
}

/** The part about errors alone. */
export function formatErrors({ error_summary }: EntryStats): string {
  const { total_errors, error_types, endpoints_with_errors, status_codes } = error_summary;
  return [
    paint(`errors: ${total_errors}`, total_errors > 0 ? 'red' : 'bold'),
    ...section('error types', error_types),
    ...section('endpoints with errors', endpoints_with_errors),
    ...section('status codes of errors', status_codes),
    '',
  ].join('\n');
}

function section(title: string, counts: Readonly<Record<string, number>>): string[] {
  const entries = Object.entries(counts);
  if (entries.length === 0) return [];
  const width = Math.max(...entries.map(([, count]) => String(count).length));
  return [
    `${title}:`,
    ...entries.map(([name, count]) => `  ${String(count).padStart(width)}  ${harmlessLine(name)}`),
  ];
}
