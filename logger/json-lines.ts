import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { harmlessJson } from '../pipeline/record/special-characters.ts';
import { formatMicroseconds } from './microseconds.ts';

/** The target of lines. */
export interface LineSink {
  write(line: string): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Names of the line's own members. A field of such a name gets an underscore behind it, as in records. */
const OWN = new Set(['timestamp', 'level', 'message']);

/** One log record as a line of JSON: `timestamp`, `level`, `message`, then its fields. */
export function formatLine(record: ReadableLogRecord): string {
  const [seconds, nanos] = record.hrTime;
  const { spanContext } = record;
  const line = JSON.stringify({
    timestamp: formatMicroseconds(seconds * 1e6 + Math.floor(nanos / 1000)),
    level: record.severityText,
    message: record.body,
    ...Object.fromEntries(
      Object.entries(record.attributes).map(([name, value]) => [OWN.has(name) ? `${name}_` : name, value]),
    ),
    ...(spanContext && { trace_id: spanContext.traceId, span_id: spanContext.spanId }),
  });
  // A client chooses what is logged of its request; JSON itself escapes only some of the characters that terminals obey.
  return harmlessJson(line);
}

/** Writes each record as a line. @param minSeverity OpenTelemetry's number; records below it are left out */
export function createLineExporter(sink: LineSink, minSeverity = 0): LogRecordExporter {
  return {
    export(records: ReadableLogRecord[], done: (result: ExportResult) => void) {
      for (const record of records) {
        if ((record.severityNumber ?? 0) >= minSeverity) sink.write(formatLine(record));
      }
      done({ code: ExportResultCode.SUCCESS });
    },
    forceFlush: () => sink.flush(),
    shutdown: () => sink.close(),
  };
}
