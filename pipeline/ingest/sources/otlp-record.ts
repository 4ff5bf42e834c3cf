import { FreeNames } from '../../record/free-names.ts';
import { INDEXED_FIELDS } from '../../record/log-record.ts';
import { formatTimestamp } from '../../record/timestamp.ts';
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
const OWN_NAMES = ['timestamp', 'observed_timestamp', 'severity_number', 'severity_text', 'message', 'level'];
const MESSAGE_KEYS = ['message', 'log', 'msg', 'body'];
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
  const observed = nanoseconds(record.observedTimeUnixNano, 'observedTimeUnixNano');
  const own = [
    // As in the specification, the time of the observation replaces a missing time of the event.
    ...field('timestamp', nanoseconds(record.timeUnixNano, 'timeUnixNano') ?? observed),
    ...field('observed_timestamp', observed),
    ...number('severity_number', record.severityNumber),
    ...text('severity_text', record.severityText),
    ...field('trace_id', hexId(record.traceId, 16, 'traceId')),
    ...field('span_id', hexId(record.spanId, 8, 'spanId')),
    ...number('flags', record.flags),
    ...text('event_name', record.eventName),
    ...number('dropped_attributes_count', record.droppedAttributesCount),
    ...body(record.body),
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

const field = (name: string, value: string | undefined): Field[] =>
  value === undefined ? [] : [[name, `"${value}"`]];

function text(name: string, value: unknown): Field[] {
  const given = expectText(value, name);
  return given === '' ? [] : [[name, JSON.stringify(given)]];
}

function number(name: string, value: string | number | undefined): Field[] {
  if (value === undefined || value === null) return [];
  const digits = writeInteger(value, name);
  return digits === '0' ? [] : [[name, digits]];
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
function body(value: AnyValue | undefined): Field[] {
  if (value === undefined || value === null) return [];
  const json = writeValue(value);
  if (json === 'null') return [];
  if (value.stringValue !== undefined) return [['message', json]];
  return [
    ['message', JSON.stringify(messageOf(value) ?? json)],
    ['body', json],
  ];
}

/** The text in a structured body, as Fluent Bit sends it, or the text of bytes. */
function messageOf({ kvlistValue, bytesValue }: AnyValue): string | undefined {
  if (bytesValue !== undefined) return textOfBytes(bytesValue);
  for (const key of MESSAGE_KEYS) {
    const found = kvlistValue?.values?.find((member) => member.key === key)?.value?.stringValue;
    if (found !== undefined) return found;
  }
  return undefined;
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

/** Nanoseconds since 1970 as RFC 3339, which cannot be mistaken for another unit; undefined for 0, which means unknown. */
function nanoseconds(value: string | number | undefined, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  const digits = writeInteger(value, name).padStart(10, '0');
  const seconds = Number(digits.slice(0, -9));
  if (!(seconds >= 0 && seconds < LATEST_SECOND)) {
    throw new OtlpValueError(`${name}: expected nanoseconds from 1970 to 2262, got "${value}"`);
  }
  const nanos = Number(digits.slice(-9));
  return seconds === 0 && nanos === 0 ? undefined : formatTimestamp({ seconds, nanos, digits: 9 });
}

/** An id as lower-case hexadecimal digits; undefined where there is none, also for one of zeros alone. */
function hexId(value: string | Uint8Array | undefined, bytes: number, name: string): string | undefined {
  if (value === undefined || value === null || value.length === 0) return undefined;
  const digits = (typeof value === 'string' ? value : Buffer.from(value).toString('hex')).toLowerCase();
  if (digits.length !== bytes * 2 || !/^[0-9a-f]+$/.test(digits)) {
    throw new OtlpValueError(`${name}: expected ${bytes} bytes in hexadecimal digits, got "${digits}"`);
  }
  return /^0+$/.test(digits) ? undefined : digits;
}
