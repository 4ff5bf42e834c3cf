import type { SourceEntry } from '../sources/source-entry.ts';

/** True of a record that PM2 wrote around the output of a program (`log_type: json`). */
export function isPm2Record(fields: SourceEntry['fields']): boolean {
  return fields.app_name !== undefined && fields.process_id !== undefined;
}
