import { newDraft } from '../pipeline/ingest/transforms/complete-record.ts';
import type { LogRecord } from '../pipeline/record/log-record.ts';

/** A record with nothing in it but what the test names. */
export function plainRecord(fields: Partial<LogRecord> = {}): LogRecord {
  return {
    ...newDraft({ seconds: 1_700_000_000, nanos: 0, digits: 3 }),
    service: 'server',
    source: 'api',
    ...fields,
  };
}
