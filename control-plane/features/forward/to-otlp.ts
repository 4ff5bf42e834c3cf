import type { LogAttributes } from '@opentelemetry/api-logs';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { INDEXED_FIELDS, type StoredRecord } from '../../../pipeline/record/log-record.ts';
import { rawMember } from '../../../pipeline/record/raw-json.ts';
import type { Level } from '../../../pipeline/record/severity.ts';
import type { Timestamp } from '../../../pipeline/record/timestamp.ts';

const SEVERITY: Readonly<Record<Level, number>> = { debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };
/** Attributes that came from fields of OTLP, and go back into them. */
const OWN_FIELDS = new Set(['severity_number', 'event_name', 'flags']);
const SCOPE = { name: 'logplane' };

/**
 * Records in the form of the OpenTelemetry exporters. The same records always make the same bytes, so that a backend
 * that recognizes repetitions stores them once.
 */
export function toOtlp(records: readonly StoredRecord[]): ReadableLogRecord[] {
  // Exporters group by the identity of resource objects.
  const resources = new Map<string, Resource>();
  return records.map((record) => {
    const { service, message, level } = record;
    let resource = resources.get(service);
    if (!resource) {
      resource = resourceFromAttributes({ 'service.name': service });
      resources.set(service, resource);
    }
    const given = JSON.parse(record.attributes) as Record<string, unknown>;
    const { trace_id, span_id } = record;
    const inSpan = /^[0-9a-f]{32}$/.test(trace_id) && /^[0-9a-f]{16}$/.test(span_id);
    return {
      hrTime: toHrTime(record.timestamp),
      hrTimeObserved: record.observed ? toHrTime(record.observed) : arrivalOf(record.seq),
      severityNumber: Number(given.severity_number ?? SEVERITY[level]),
      severityText: record.severity_text || level.toUpperCase(),
      body: message,
      ...(typeof given.event_name === 'string' && { eventName: given.event_name }),
      ...(inSpan && {
        spanContext: { traceId: trace_id, spanId: span_id, traceFlags: Number(given.flags ?? 0) },
      }),
      resource,
      instrumentationScope: SCOPE,
      attributes: attributesOf(record, given, inSpan),
      droppedAttributesCount: 0,
    };
  });
}

function attributesOf(record: StoredRecord, given: Record<string, unknown>, inSpan: boolean): LogAttributes {
  const attributes: Record<string, unknown> = {};
  for (const field of INDEXED_FIELDS) {
    if (field === 'service' || (inSpan && (field === 'trace_id' || field === 'span_id'))) continue;
    if (record[field] !== '') attributes[field] = record[field];
  }
  for (const [name, value] of Object.entries(given)) {
    if (OWN_FIELDS.has(name)) continue;
    // The exporters have no integers beyond a double's, so these are kept as texts.
    const rounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
    attributes[name] = rounded ? rawMember(record.attributes, name) : value;
  }
  return attributes as LogAttributes;
}

function toHrTime({ seconds, nanos }: Timestamp): [number, number] {
  return [seconds, nanos];
}

/** The time of arrival: a sequence number is its microseconds since 1970. */
function arrivalOf(seq: number): [number, number] {
  return [Math.floor(seq / 1e6), (seq % 1e6) * 1000];
}
