import { ORIGINAL } from '../text/coloured-message.ts';
import type { LogRecord } from './log-record.ts';

/** Fields that stand elsewhere in a line, or say nothing to a reader of many lines. */
const ELSEWHERE = new Set([
  ...[
    'id',
    'timestamp',
    'level',
    'message',
    'service',
    'machine_id',
    'worker_id',
    'deployment_env',
    'region',
  ],
  ...[
    'source',
    'file_path',
    'container_name',
    'job_id',
    'node_id',
    'trace_id',
    'span_id',
    'request_id',
    'type',
  ],
  ...[
    'event_type',
    'observed_timestamp',
    'severity_text',
    'module',
    'rank',
    'stream',
    'array_task_id',
    'content_type',
    ORIGINAL,
  ],
]);
const MAX_FIELDS = 5;
const MAX_CHARACTERS = 60;

/**
 * What a structured record knows besides its message: of an HTTP request method, path, status and time, of others the
 * first few short fields.
 */
export function summaryOf(record: LogRecord): string {
  const { method, url, status_code: status, duration_ms: duration } = record;
  if (typeof method === 'string' && typeof url === 'string') {
    const parts = [
      method,
      url.replace(/^\w+:\/\/[^/]*/, ''),
      status,
      typeof duration === 'number' && `${Math.round(duration)} ms`,
    ];
    return parts.filter((part) => typeof part === 'string' || typeof part === 'number').join(' ');
  }
  const fields: string[] = [];
  for (const name in record) {
    const value = record[name];
    if (ELSEWHERE.has(name) || value === null || typeof value === 'object') continue;
    const text = String(value);
    if (text.length > MAX_CHARACTERS || record.message.includes(text)) continue;
    fields.push(`${name}=${text}`);
    if (fields.length === MAX_FIELDS) break;
  }
  return fields.join(' ');
}
