import { FreeNames } from '../../record/free-names.ts';
import { INDEXED_FIELDS } from '../../record/log-record.ts';
import { formatTimestamp } from '../../record/timestamp.ts';
import { readHints, surveyKeys } from '../transforms/record-keys.ts';
import {
  type AnyValue,
  expectList,
  expectText,
  type KeyValue,
  OtlpValueError,
  writeInteger,
  writeValue,
} from './otlp-value.ts';

/** The fields that all records of a resource share. */
export interface ResourceHead {
  readonly resource?: { readonly attributes?: readonly KeyValue[]; readonly droppedAttributesCount?: number };
  readonly schemaUrl?: string;
}

/** The fields that all records of a scope share. */
export interface ScopeHead {
  readonly scope?: {
    readonly name?: string;
    readonly version?: string;
    readonly attributes?: readonly KeyValue[];
    readonly droppedAttributesCount?: number;
  };
  readonly schemaUrl?: string;
}

/** Ids are hexadecimal in the JSON mapping and buffers out of protobuf. */
export interface OtlpRecord {
  readonly timeUnixNano?: string | number;
  readonly observedTimeUnixNano?: string | number;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body?: AnyValue;
  readonly attributes?: readonly KeyValue[];
  readonly droppedAttributesCount?: number;
  readonly flags?: number;
  readonly traceId?: string | Uint8Array;
  readonly spanId?: string | Uint8Array;
  readonly eventName?: string;
}

/** A name and the JSON text of its value. */
export type Field = readonly [name: string, value: string];

/** The last whole second that a store of nanoseconds in 64 bits holds. */
const LATEST_SECOND = 9_223_372_036;

/** Names that OTLP or the product fills itself, also where this record has no value for them. */
const OWN_NAMES = ['timestamp', 'observed_timestamp', 'severity_number', 'severity_text', 'message'];
const INDEXED: ReadonlySet<string> = new Set(INDEXED_FIELDS);

/**
 * One record as the JSON text of a flat object: its own fields in snake case, then its attributes, then the fields
 * of its group. A name that is taken gets an underscore behind it; the same name with the same value is written
 * once.
 * @throws OtlpValueError
 */
export function writeOtlpRecord(record: OtlpRecord, shared: readonly Field[]): string {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new OtlpValueError(`expected a log record, got ${JSON.stringify(record)}`);
  }
  const own = [
    ...times(record),
    ...severityNumber(record.severityNumber),
    ...text('severity_text', record.severityText),
    ...hexId('trace_id', record.traceId, 16),
    ...hexId('span_id', record.spanId, 8),
    ...number('flags', record.flags),
    ...text('event_name', record.eventName),
    ...number('dropped_attributes_count', record.droppedAttributesCount),
    ...body(record),
  ];
  const given = [...attributes(record.attributes, 'attributes'), ...bodyFields(record.body), ...shared];
  return `{${withFreeNames(own, given).join(',')}}`;
}

/** The fields that every record of a resource gets: its attributes and names. @throws OtlpValueError */
export function writeResourceFields({ resource, schemaUrl }: ResourceHead): Field[] {
  return [
    ...text('otel.resource.schema_url', schemaUrl),
    ...number('otel.resource.dropped_attributes_count', resource?.droppedAttributesCount),
    ...attributes(resource?.attributes, 'resource.attributes'),
  ];
}

/** The fields that every record of a scope gets. @throws OtlpValueError */
export function writeScopeFields({ scope, schemaUrl }: ScopeHead): Field[] {
  return [
    ...text('otel.scope.name', scope?.name),
    ...text('otel.scope.version', scope?.version),
    ...text('otel.scope.schema_url', schemaUrl),
    ...number('otel.scope.dropped_attributes_count', scope?.droppedAttributesCount),
    ...attributes(scope?.attributes, 'scope.attributes'),
  ];
}

function withFreeNames(own: readonly Field[], given: readonly Field[]): string[] {
  const taken = new Map<string, string>(OWN_NAMES.map((name) => [name, '']));
  for (const [name, value] of own) taken.set(name, value);
  // Where the record has no severity, an attribute `level` is its level, as in a record of any other protocol.
  if (own.some(([name]) => name.startsWith('severity_'))) taken.set('level', '');
  const members = own.map(member);
  const names = new FreeNames();
  for (const [name, value] of given) {
    let free = name;
    if (taken.has(name)) {
      if (taken.get(name) === value) continue;
      free = names.find(name, (candidate) => !taken.has(candidate) || taken.get(candidate) === value);
      if (taken.has(free)) continue;
    }
    taken.set(free, value);
    members.push(member([free, value]));
  }
  return members;
}

const member = ([name, value]: Field): string => `${JSON.stringify(name)}:${value}`;

function text(name: string, value: unknown): Field[] {
  const given = expectText(value, name);
  return given === '' ? [] : [[name, JSON.stringify(given)]];
}

/** A value that is no whole number is kept under another name: it costs a field and not the record. */
function number(name: string, value: string | number | undefined): Field[] {
  if (value === undefined || value === null) return [];
  const digits = wholeNumber(value);
  if (digits === undefined) return [[`${name}_`, JSON.stringify(value)]];
  return digits === '0' ? [] : [[name, digits]];
}

function wholeNumber(value: string | number): string | undefined {
  try {
    return writeInteger(value, '');
  } catch {
    return undefined;
  }
}

const SEVERITY_NAME = /^SEVERITY_NUMBER_(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)([2-4]?)$/;
const SEVERITIES = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/** The number, also where JSON has its name in the specification. */
function severityNumber(value: string | number | undefined): Field[] {
  const [, name, step] = (typeof value === 'string' && SEVERITY_NAME.exec(value)) || [];
  if (name === undefined)
    return value === 'SEVERITY_NUMBER_UNSPECIFIED' ? [] : number('severity_number', value);
  return [['severity_number', String(SEVERITIES.indexOf(name) * 4 + Number(step || 1))]];
}

function attributes(list: readonly KeyValue[] | undefined, name: string): Field[] {
  return expectList<KeyValue>(list, name).map((attribute) => {
    if (typeof attribute !== 'object' || attribute === null) {
      throw new OtlpValueError(`${name}: expected {"key": …, "value": …}, got ${JSON.stringify(attribute)}`);
    }
    return [expectText(attribute.key, `${name}.key`), writeValue(attribute.value)];
  });
}

/** A text becomes the message. Any other value is kept as `body`, beside a readable message. */
function body({ body: value, eventName, attributes: list }: OtlpRecord): Field[] {
  const json = value === undefined || value === null ? 'null' : writeValue(value);
  if (json === 'null') return messageWithoutBody(eventName, list);
  if (value!.stringValue !== undefined) return [['message', json]];
  const message = messageOf(value!);
  return [
    ['message', message ?? JSON.stringify(json)],
    ['body', json],
  ];
}

/** Where there is no body: the exception that the attributes describe, else the name of the event. */
function messageWithoutBody(eventName: unknown, list: readonly KeyValue[] | undefined): Field[] {
  const textOf = (name: string) => {
    const found = expectList<KeyValue>(list, 'attributes').find((attribute) => attribute?.key === name);
    return typeof found?.value?.stringValue === 'string' ? found.value.stringValue : '';
  };
  const exception = [textOf('exception.type'), textOf('exception.message')].filter((part) => part !== '');
  const name = typeof eventName === 'string' && eventName !== '' ? eventName : textOf('event.name');
  const message = exception.length > 0 ? exception.join(': ') : name;
  return message === '' ? [] : [['message', JSON.stringify(message)]];
}

/** JSON of the text in a structured body, as Fluent Bit and the collector's receivers send it, or of the text of bytes. */
function messageOf({ kvlistValue, bytesValue }: AnyValue): string | undefined {
  if (bytesValue !== undefined) return JSON.stringify(textOfBytes(bytesValue));
  const fields: Record<string, unknown> = {};
  for (const { key, value } of kvlistValue?.values ?? []) {
    if (key !== undefined) fields[key] = plainValue(value);
  }
  const { textKey, hints } = surveyKeys(fields);
  const found = readHints(fields, hints);
  const message = found.text ?? fields[textKey ?? found.textKey ?? ''];
  return typeof message === 'string' ? JSON.stringify(message) : undefined;
}

/** The value as `surveyKeys` looks at it; what is in a value of another kind does not matter. */
function plainValue(value: AnyValue | undefined): unknown {
  if (value === undefined || value === null) return undefined;
  if (value.stringValue !== undefined) return value.stringValue;
  try {
    return JSON.parse(writeValue(value));
  } catch {
    return undefined;
  }
}

function textOfBytes(value: string | Uint8Array): string {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : value;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('base64');
  }
}

/** The members of a structured body that have a column of their own: `machine_id`, `job_id`, … */
function bodyFields(value: AnyValue | undefined): Field[] {
  const members = value?.kvlistValue?.values ?? [];
  return members
    .filter(({ key }) => key !== undefined && INDEXED.has(key))
    .map((member) => [member.key!, writeValue(member.value)]);
}

/** As in the specification, the time of the observation replaces a missing time of the event. */
function times({ timeUnixNano, observedTimeUnixNano }: OtlpRecord): Field[] {
  const time = nanoseconds('timestamp', timeUnixNano);
  const observed = nanoseconds('observed_timestamp', observedTimeUnixNano);
  if (time?.[0] === 'timestamp') return [time, ...(observed ? [observed] : [])];
  const kept = [time, observed].filter((field) => field !== undefined);
  return observed?.[0] === 'observed_timestamp' ? [['timestamp', observed[1]], ...kept] : kept;
}

/**
 * Nanoseconds since 1970 as RFC 3339, which cannot be mistaken for another unit; undefined for 0, which means unknown. A value that is no
 * such time is kept under another name.
 */
function nanoseconds(name: string, value: string | number | undefined): Field | undefined {
  if (value === undefined || value === null) return undefined;
  const digits = wholeNumber(value)?.padStart(10, '0') ?? '';
  const seconds = /^\d+$/.test(digits) ? Number(digits.slice(0, -9)) : Number.NaN;
  if (!(seconds >= 0 && seconds < LATEST_SECOND)) return [`${name}_`, JSON.stringify(value)];
  const nanos = Number(digits.slice(-9));
  if (seconds === 0 && nanos === 0) return undefined;
  return [name, `"${formatTimestamp({ seconds, nanos, digits: 9 })}"`];
}

/**
 * An id as lower-case hexadecimal digits; none where it is empty or of zeros alone. What is no such id is kept under another name, because
 * it costs a field and not the record.
 */
function hexId(name: string, value: string | Uint8Array | undefined, bytes: number): Field[] {
  if (value === undefined || value === null || value.length === 0) return [];
  const digits = (
    typeof value === 'object' ? Buffer.from(value).toString('hex') : String(value)
  ).toLowerCase();
  if (digits.length !== bytes * 2 || !/^[0-9a-f]+$/.test(digits))
    return [[`${name}_`, JSON.stringify(typeof value === 'object' ? digits : value)]];
  return /^0+$/.test(digits) ? [] : [[name, `"${digits}"`]];
}
