import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { formatMicroseconds } from './microseconds.ts';

/** Where lines go. */
export interface LineSink {
  write(line: string): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** A field of such a name gets an underscore behind it, as in records: it would take the place of the line's own. */
const OWN = new Set(['timestamp', 'level', 'message']);

/** One log record as a line of JSON: `timestamp`, `level`, `message`, then its fields. */
export function formatLine(record: ReadableLogRecord): string {
  const [seconds, nanos] = record.hrTime;
  const { spanContext } = record;
  return JSON.stringify({
    timestamp: formatMicroseconds(seconds * 1e6 + Math.floor(nanos / 1000)),
    level: record.severityText,
    message: record.body,
    ...Object.fromEntries(
      Object.entries(record.attributes).map(([name, value]) => [OWN.has(name) ? `${name}_` : name, value]),
    ),
    ...(spanContext && { trace_id: spanContext.traceId, span_id: spanContext.spanId }),
  });
}

/** Writes each record as a line. `leastSeverity` (OpenTelemetry's number) leaves milder ones out. */
export function createLineExporter(sink: LineSink, leastSeverity = 0): LogRecordExporter {
  return {
    export(records: ReadableLogRecord[], done: (result: ExportResult) => void) {
      for (const record of records) {
        if ((record.severityNumber ?? 0) >= leastSeverity) sink.write(formatLine(record));
      }
      done({ code: ExportResultCode.SUCCESS });
    },
    forceFlush: () => sink.flush(),
    shutdown: () => sink.close(),
  };
}
