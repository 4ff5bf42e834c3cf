import { join } from 'node:path';
import { type Logger as OtelLogger, SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { closedBlock, type KeyBlock } from '../pipeline/ingest/transforms/key-block.ts';
import { redactText } from '../pipeline/ingest/transforms/redact-text.ts';
import { createLineExporter } from './json-lines.ts';
import { nowMicroseconds } from './microseconds.ts';
import { type Plain, redact } from './redact.ts';
import { RotatingFile } from './rotating-file.ts';

/** The fields of a record beside its message. Secrets are replaced, by the names of their fields and by their form. */
export type Fields = Readonly<Record<string, unknown>>;

const SEVERITY = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
} as const;

export type LoggerLevel = keyof typeof SEVERITY;

/** An application's logger. No method throws or blocks. Records also get the ids of the active trace and span. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  /** With an error, the record also has `error_type`, `error_message` and `stack_trace`. */
  error(message: string, error?: unknown, fields?: Fields): void;
  fatal(message: string, error?: unknown, fields?: Fields): void;
  /** Logs a record of type `custom_event` with this `event_type`. */
  event(eventType: string, message: string, fields?: Fields): void;
  /** Logs any record, also one with an earlier time. */
  log(entry: LogEntry): void;
  /** Returns a logger that adds these fields to its records. */
  child(fields: Fields): Logger;
  flush(): Promise<void>;
  /** Flushes all records, then shuts down. */
  close(): Promise<void>;
}

export interface LogEntry {
  readonly level: LoggerLevel;
  readonly message: string;
  readonly fields?: Fields;
  /** Microseconds since 1970. Default: now. */
  readonly at?: number;
}

export interface LoggerOptions {
  /** Becomes `service.name` for exporters. */
  readonly service?: string;
  /** Folder of `api.log` (all records) and `errors.log` (errors alone). Default: no files. */
  readonly dir?: string;
  readonly maxBytes?: number;
  /** Rotated files beside each. */
  readonly backups?: number;
  /** The lowest level that is logged. Default: `debug`. */
  readonly level?: LoggerLevel;
  /** Further exporters, for instance for OTLP. They get records in batches. */
  readonly exporters?: readonly LogRecordExporter[];
  /** Fields of every record. Default: `{ module: 'logger' }`. */
  readonly fields?: Fields;
  /** Called when a file cannot be written, and when it can be written again. */
  readonly onProblem?: (message: string) => void;
}

export function createLogger(options: LoggerOptions): Logger {
  const { dir, maxBytes = 10 * 1024 * 1024, backups = 5, onProblem } = options;
  const file = (name: string, minSeverity: number) => {
    const sink = new RotatingFile({
      path: join(dir!, name),
      maxBytes,
      backups,
      ...(onProblem && { onProblem }),
    });
    return new SimpleLogRecordProcessor({ exporter: createLineExporter(sink, minSeverity) });
  };
  const provider = new LoggerProvider({
    resource: resourceFromAttributes(
      options.service === undefined ? {} : { 'service.name': options.service },
    ),
    processors: [
      ...(dir === undefined ? [] : [file('api.log', 0), file('errors.log', SEVERITY.error)]),
      ...(options.exporters ?? []).map((exporter) => new BatchLogRecordProcessor({ exporter })),
    ],
  });
  return wrap(
    provider,
    options.fields ?? { module: 'logger' },
    SEVERITY[options.level ?? 'debug'],
    closedBlock(),
  );
}

/** @param key the state of a private key that is logged line by line */
function wrap(provider: LoggerProvider, bound: Fields, minSeverity: SeverityNumber, key: KeyBlock): Logger {
  const otel: OtelLogger = provider.getLogger('logplane/logger');
  const log = ({ level, message, fields, at = nowMicroseconds() }: LogEntry) => {
    if (SEVERITY[level] < minSeverity) return;
    const time: [number, number] = [Math.floor(at / 1e6), (at % 1e6) * 1000];
    otel.emit({
      timestamp: time,
      observedTimestamp: time,
      severityNumber: SEVERITY[level],
      severityText: level.toUpperCase(),
      body: redactText(message, key),
      attributes: redact({ ...bound, ...fields }) as Record<string, Plain>,
    });
  };
  return {
    debug: (message, fields = {}) => log({ level: 'debug', message, fields }),
    info: (message, fields = {}) => log({ level: 'info', message, fields }),
    warn: (message, fields = {}) => log({ level: 'warn', message, fields }),
    error: (message, error, fields) => log({ level: 'error', message, fields: withError(error, fields) }),
    fatal: (message, error, fields) => log({ level: 'fatal', message, fields: withError(error, fields) }),
    event: (event_type, message, fields) =>
      log({ level: 'info', message, fields: { type: 'custom_event', event_type, ...fields } }),
    log,
    child: (fields) => wrap(provider, { ...bound, ...fields }, minSeverity, key),
    flush: () => provider.forceFlush(),
    close: () => provider.shutdown(),
  };
}

function withError(error: unknown, fields: Fields = {}): Fields {
  if (error === undefined || error === null) return fields;
  if (!(error instanceof Error)) return { type: 'error', error_message: String(error), ...fields };
  const { name, message, stack, cause } = error;
  const details = { type: 'exception', error_type: name, error_message: message, stack_trace: stack };
  return { ...details, ...(cause !== undefined && { error_cause: String(cause) }), ...fields };
}
