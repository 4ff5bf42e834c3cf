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

/** What a record carries beside its message; secrets are replaced, by the names of their fields and by their form. */
export type Fields = Readonly<Record<string, unknown>>;

const SEVERITY = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
} as const;

export type LoggerLevel = keyof typeof SEVERITY;

/** An application's logger. No method throws or waits; records also get the trace and span that are active. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  /** With an error: its type, message and stack stand in `error_type`, `error_message` and `stack_trace`. */
  error(message: string, error?: unknown, fields?: Fields): void;
  fatal(message: string, error?: unknown, fields?: Fields): void;
  /** A `custom_event` of this `event_type`. */
  event(eventType: string, message: string, fields?: Fields): void;
  /** Any record, also one of an earlier moment. */
  log(entry: LogEntry): void;
  /** A logger whose records carry these fields as well. */
  child(fields: Fields): Logger;
  flush(): Promise<void>;
  /** Writes what waits and ends. */
  close(): Promise<void>;
}

export interface LogEntry {
  readonly level: LoggerLevel;
  readonly message: string;
  readonly fields?: Fields;
  /** Microseconds since 1970; left out: now. */
  readonly at?: number;
}

export interface LoggerOptions {
  /** Becomes `service.name` for exporters. */
  readonly service?: string;
  /** Folder of `api.log` (everything) and `errors.log` (errors alone); left out: no files. */
  readonly dir?: string;
  readonly maxBytes?: number;
  /** Rotated files beside each. */
  readonly backups?: number;
  /** The mildest level that is kept; `debug` when left out. */
  readonly level?: LoggerLevel;
  /** Where records go besides: OTLP exporters, for instance. They get them in batches. */
  readonly exporters?: readonly LogRecordExporter[];
  /** On every record; `{ module: 'logger' }` when left out. */
  readonly fields?: Fields;
  /** Told when a file cannot be written and when it can be again. */
  readonly onProblem?: (message: string) => void;
}

export function createLogger(options: LoggerOptions): Logger {
  const { dir, maxBytes = 10 * 1024 * 1024, backups = 5, onProblem } = options;
  const file = (name: string, leastSeverity: number) => {
    const sink = new RotatingFile({
      path: join(dir!, name),
      maxBytes,
      backups,
      ...(onProblem && { onProblem }),
    });
    return new SimpleLogRecordProcessor({ exporter: createLineExporter(sink, leastSeverity) });
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

/** @param key the private key that is being logged line by line */
function wrap(provider: LoggerProvider, bound: Fields, least: SeverityNumber, key: KeyBlock): Logger {
  const otel: OtelLogger = provider.getLogger('logplane/logger');
  const log = ({ level, message, fields, at = nowMicroseconds() }: LogEntry) => {
    if (SEVERITY[level] < least) return;
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
    child: (fields) => wrap(provider, { ...bound, ...fields }, least, key),
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
