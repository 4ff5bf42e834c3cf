import protobuf from 'protobufjs';
import { mayCarry, type RecordGroup } from './otlp.ts';
import { type OtlpRecord, type ResourceHead, type ScopeHead, writeSharedFields } from './otlp-record.ts';

/**
 * The messages of OTLP logs (opentelemetry-proto 1.x: collector/logs/v1, logs/v1, resource/v1, common/v1), without
 * packages, which are no part of the encoding, and without the lists of scopes and records, which are read one by one.
 */
const SCHEMA = `
syntax = "proto3";
message ExportLogsServiceResponse { ExportLogsPartialSuccess partial_success = 1; }
message ExportLogsPartialSuccess { int64 rejected_log_records = 1; string error_message = 2; }
message ResourceLogs { Resource resource = 1; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message ScopeLogs { InstrumentationScope scope = 1; string schema_url = 3; }
message InstrumentationScope {
  string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
}
message LogRecord {
  fixed64 time_unix_nano = 1; fixed64 observed_time_unix_nano = 11; int32 severity_number = 2; string severity_text = 3;
  AnyValue body = 5; repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8;
  bytes trace_id = 9; bytes span_id = 10; string event_name = 12;
}
message AnyValue {
  oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message RetryInfo { Duration retry_delay = 1; }
message Duration { int64 seconds = 1; int32 nanos = 2; }
message Any { string type_url = 1; bytes value = 2; }
message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
`;

/** Fields that hold the lists. */
const RESOURCE_LOGS = 1;
const SCOPE_LOGS = 2;
const LOG_RECORDS = 2;

const { root } = protobuf.parse(SCHEMA);
const ResourceLogs = root.lookupType('ResourceLogs');
const ScopeLogs = root.lookupType('ScopeLogs');
const LogRecord = root.lookupType('LogRecord');
const Response = root.lookupType('ExportLogsServiceResponse');
const RetryInfo = root.lookupType('RetryInfo');
const Status = root.lookupType('Status');

/**
 * The records of an `ExportLogsServiceRequest`, decoded one at a time: a body of millions of empty records never
 * stands in memory as objects.
 * @throws Error, while it is iterated, where the bytes are no such request
 */
export function* readProtobufGroups(body: Buffer): Generator<RecordGroup> {
  for (const resourceLogs of members(body, RESOURCE_LOGS)) {
    for (const scopeLogs of members(resourceLogs, SCOPE_LOGS)) {
      yield {
        shared: () =>
          writeSharedFields(
            decode<ResourceHead>(ResourceLogs, resourceLogs),
            decode<ScopeHead>(ScopeLogs, scopeLogs),
          ),
        *[Symbol.iterator]() {
          for (const bytes of members(scopeLogs, LOG_RECORDS)) {
            yield {
              read: () => decode<OtlpRecord>(LogRecord, bytes),
              raw: () => requestOf(bytes, resourceLogs, scopeLogs),
            };
          }
        },
      };
    }
  }
}

/** 64-bit numbers come as decimal strings, bytes as buffers; what was not sent is left out. */
function decode<Message>(type: protobuf.Type, bytes: Uint8Array): Message {
  return type.toObject(type.decode(bytes), { longs: String }) as Message;
}

/** The messages in one repeated field. */
function* members(bytes: Uint8Array, field: number): Generator<Uint8Array> {
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === tagOf(field)) yield reader.bytes();
    else reader.skipType(tag & 7);
  }
}

/** Everything but the messages in one repeated field. */
function without(bytes: Uint8Array, field: number): Buffer {
  const reader = protobuf.Reader.create(bytes);
  const kept: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const from = reader.pos;
    const tag = reader.uint32();
    reader.skipType(tag & 7);
    if (tag !== tagOf(field)) kept.push(bytes.subarray(from, reader.pos));
  }
  return Buffer.concat(kept);
}

/** Of a field with a message in it. */
function tagOf(field: number): number {
  return (field << 3) | 2;
}

/** The request with one record alone. */
function requestOf(record: Uint8Array, resourceLogs: Uint8Array, scopeLogs: Uint8Array): Buffer {
  const resource = without(resourceLogs, SCOPE_LOGS);
  const scope = without(scopeLogs, LOG_RECORDS);
  if (!mayCarry(resource.length + scope.length, record.length)) return Buffer.from(record);
  const wrap = (field: number, message: Uint8Array) =>
    protobuf.Writer.create().uint32(tagOf(field)).bytes(message).finish();
  const group = Buffer.concat([scope, wrap(LOG_RECORDS, record)]);
  return Buffer.from(wrap(RESOURCE_LOGS, Buffer.concat([resource, wrap(SCOPE_LOGS, group)])));
}

/** An `ExportLogsServiceResponse`; empty where nothing was rejected, as the specification wants. */
export function encodeExportResponse(rejected: number, errorMessage: string): Buffer {
  if (rejected === 0) return Buffer.alloc(0);
  const message = { partialSuccess: { rejectedLogRecords: rejected, errorMessage } };
  return Buffer.from(Response.encode(Response.fromObject(message)).finish());
}

/** A `google.rpc.Status` that tells a gRPC client after how many seconds to send again. */
export function encodeRetryStatus(code: number, message: string, seconds: number): Buffer {
  const retry = RetryInfo.encode(RetryInfo.fromObject({ retryDelay: { seconds } })).finish();
  const details = [{ typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value: retry }];
  return Buffer.from(Status.encode({ code, message, details }).finish());
}
