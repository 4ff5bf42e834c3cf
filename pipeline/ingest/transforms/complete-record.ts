import type { Categorize } from '../../record/category.ts';
import { findTimestamp } from '../../record/find-timestamp.ts';
import type { LogRecord } from '../../record/log-record.ts';
import type { Severity } from '../../record/severity.ts';
import type { Timestamp } from '../../record/timestamp.ts';
import { createZone } from '../../record/timezone.ts';
import type { Arrival } from '../sources/source-entry.ts';
import { cleanText, stripAnsi, trimLineEnd } from './clean-text.ts';
import {
  jobIdFromText,
  mayNameIds,
  requestIdFromText,
  spanIdFromText,
  traceIdFromText,
} from './extract-fields.ts';
import { guessSeverity } from './guess-severity.ts';
import { createPathReader, type PathFacts } from './read-path.ts';
import { isPm2Record } from './split-chunk.ts';
import { readWriterPrefix } from './writer-prefix.ts';

export interface RecordRules {
  readonly categorize: Categorize;
  /** IANA zone of times that are written without a zone. */
  readonly defaultTimezone: string;
}

/** A record whose fields are still being set. */
export type Draft = { -readonly [Field in keyof LogRecord]: LogRecord[Field] };

/** The parts that were read of an entry, apart from its columns. */
export interface ReadEntry {
  /** An object with the names that were sent; the values are not used. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The record's text as it was sent. */
  readonly text: string;
  /** True where the text is a line as its program wrote it, which may have a time of its own at its head. */
  readonly isLine: boolean;
  readonly time: Timestamp | undefined;
  readonly severity: Severity | undefined;
  /** When a shipper read the line, where that was sent beside its time. */
  readonly shipped: Timestamp | undefined;
  /** When the sender saw the record, where it says so. */
  readonly observed: Timestamp | undefined;
  /** JSON of the members that stay as they were sent, with a comma between them. */
  readonly members: string;
}

/** Names under which shippers say themselves what a container's path says. */
const NAMED_BY_SENDER = ['kubernetes', 'k8s.pod.name', 'k8s.namespace.name', 'container.id', 'k8s'];
/** The field that keeps the text as it was sent, where the message is different. */
const ORIGINAL = 'log.record.original';

export function newDraft(timestamp: Timestamp): Draft {
  return {
    timestamp,
    observed: undefined,
    level: 'info',
    severity_text: '',
    message: '',
    service: '',
    machine_id: '',
    worker_id: '',
    deployment_env: '',
    region: '',
    source: '',
    file_path: '',
    container_name: '',
    job_id: '',
    node_id: '',
    trace_id: '',
    span_id: '',
    request_id: '',
    type: '',
    event_type: '',
    attributes: '{}',
  };
}

/** Fills ids that the sender did not name with those in the text. */
function fillIds(fields: ReadEntry['fields'], record: Draft, path: PathFacts): void {
  const { message } = record;
  if (record.job_id === '' && fields.job_id === undefined) record.job_id = path.job_id;
  if (record.node_id === '' && fields.node_id === undefined) record.node_id = path.node_id;
  if (record.container_name === '' && fields.container_name === undefined)
    record.container_name = path.container_name;
  if (!mayNameIds(message)) return;
  if (record.job_id === '' && fields.job_id === undefined) record.job_id = jobIdFromText(message);
  if (record.trace_id === '' && fields.trace_id === undefined) record.trace_id = traceIdFromText(message);
  if (record.span_id === '' && fields.span_id === undefined) record.span_id = spanIdFromText(message);
  if (record.request_id === '' && fields.request_id === undefined)
    record.request_id = requestIdFromText(message);
}

/** The record's `source` where it names none, from its fields, its path and the way of arrival. */
function sourceOf(fields: ReadEntry['fields'], filePath: string, ofPath: string, arrival: Arrival): string {
  if (isPm2Record(fields)) return 'pm2';
  if (ofPath !== '') return ofPath;
  if (fields.container_name !== undefined || fields.container_id !== undefined) return 'docker';
  return filePath === '' ? arrival.source : 'file';
}

/** The text whose head is read: the line as it was written, where progress updates overwrote its head. */
function headOf(message: string, text: string): string {
  return text.includes('\r') && !text.startsWith(message.slice(0, 16)) ? stripAnsi(text) : message;
}

/** Sets the times: `time` is the event's, `shipped` and `own` are when a shipper read it, where that is different. */
function setTimes(
  record: Draft,
  time: Timestamp | undefined,
  shipped: Timestamp | undefined,
  own: Timestamp | undefined,
): void {
  record.timestamp = time ?? shipped ?? record.timestamp;
  const read = shipped ?? own;
  if (read !== record.timestamp) record.observed = read;
}

/** Completes a draft whose columns hold the fields that were sent, with what its text, its path and its arrival show. */
export function createCompleter({
  categorize,
  defaultTimezone,
}: RecordRules): (record: Draft, read: ReadEntry, arrival: Arrival) => LogRecord {
  const zone = createZone(defaultTimezone);
  const readPath = createPathReader();

  return (record, { fields, text, isLine, time, severity, shipped, observed, members }, arrival) => {
    const message = cleanText(text, isLine);
    record.message = message;
    if (record.machine_id === '' && fields.machine_id === undefined)
      record.machine_id = arrival.machineId ?? '';

    let level = severity;
    if (isLine || !time || !severity) {
      const head = headOf(message, text);
      const near = time ?? shipped ?? arrival.time;
      const { length } = readWriterPrefix(head);
      const found = findTimestamp(head, zone, near.seconds, length);
      setTimes(record, isLine ? (found?.time ?? time) : (time ?? found?.time), shipped, time);
      level ??= guessSeverity(head, found?.end, length);
    } else {
      setTimes(record, time, shipped, undefined);
    }
    if (level) {
      record.level = level.level;
      record.severity_text = level.spelling;
    }
    if (observed) record.observed = observed;

    const path = readPath(record.file_path);
    fillIds(fields, record, path);
    if (record.source === '') record.source = sourceOf(fields, record.file_path, path.source, arrival);
    record.service = categorize(record);

    const changed = message !== text && message !== trimLineEnd(text);
    const original =
      changed && fields[ORIGINAL] === undefined ? `"${ORIGINAL}":${JSON.stringify(text.toWellFormed())}` : '';
    const ofPath = NAMED_BY_SENDER.some((key) => fields[key] !== undefined) ? '' : path.members;
    if (members !== '' || original !== '' || ofPath !== '')
      record.attributes = `{${[members, ofPath, original].filter((part) => part !== '').join(',')}}`;
    return record;
  };
}
