import protobuf from 'protobufjs';
import { once } from '../../runtime/once.ts';
import { mayCarry, type RecordGroup, type UnreadRecord } from './otlp.ts';
import {
  type OtlpRecord,
  type ResourceHead,
  type ScopeHead,
  writeResourceFields,
  writeScopeFields,
} from './otlp-record.ts';
import { OtlpTooDeepError } from './otlp-value.ts';
import { type LargeText, MAX_RECORD_BYTES, splitLongText } from './record-limits.ts';

/**
 * The messages of OTLP logs (opentelemetry-proto 1.x: collector/logs/v1, logs/v1, resource/v1, common/v1). Packages are left out, because
 * they are no part of the encoding, and so are the messages with lists of resources, scopes and records, which are read one by one.
 */
const SCHEMA = `
syntax = "proto3";
message ExportLogsServiceResponse { ExportLogsPartialSuccess partial_success = 1; }
message ExportLogsPartialSuccess { int64 rejected_log_records = 1; string error_message = 2; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
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

/** Numbers of the fields of requests, resources and scopes. */
const RESOURCE_LOGS = 1;
const SCOPE_LOGS = 2;
const LOG_RECORDS = 2;
const HEAD = 1;
const SCHEMA_URL = 3;

const { root } = protobuf.parse(SCHEMA);
const Resource = root.lookupType('Resource');
const InstrumentationScope = root.lookupType('InstrumentationScope');
const LogRecord = root.lookupType('LogRecord');
const Response = root.lookupType('ExportLogsServiceResponse');
const RetryInfo = root.lookupType('RetryInfo');
const Status = root.lookupType('Status');

/** Fields of a message that one bounded step skips. */
const STEP_FIELDS = 4_096;

/**
 * Opens an `ExportLogsServiceRequest` and checks it once, so that no record of a broken request is read. Yields undefined between bounded
 * steps, and returns a reader of its records.
 * @throws Error where the bytes are no such request
 */
export function* openProtobufRequest(
  body: Buffer,
): Generator<undefined, () => Iterable<RecordGroup | undefined>> {
  yield* checkProtobufRequest(body);
  return () => readProtobufGroups(body);
}

function* checkProtobufRequest(body: Buffer): Generator<undefined> {
  for (const resourceLogs of members(body, RESOURCE_LOGS)) {
    if (!resourceLogs) yield undefined;
    else {
      for (const scopeLogs of members(resourceLogs, SCOPE_LOGS)) {
        if (!scopeLogs) yield undefined;
        else for (const record of members(scopeLogs, LOG_RECORDS)) if (!record) yield undefined;
      }
    }
  }
}

/**
 * Yields the records of an `ExportLogsServiceRequest`, decoded one by one, so that a body of millions of empty records is never
 * in memory as objects. undefined stands for a bounded step without a record.
 * @throws Error, while it is iterated, where the bytes are no such request
 */
function* readProtobufGroups(body: Buffer): Generator<RecordGroup | undefined> {
  for (const resourceLogs of members(body, RESOURCE_LOGS)) {
    if (!resourceLogs) {
      yield undefined;
      continue;
    }
    const resource = yield* findHead(resourceLogs);
    const resourceFields = once(() =>
      writeResourceFields({
        ...(resource.head && { resource: decode<ResourceHead['resource'] & {}>(Resource, resource.head) }),
        ...(resource.schemaUrl && { schemaUrl: resource.schemaUrl.toString() }),
      }),
    );
    for (const scopeLogs of members(resourceLogs, SCOPE_LOGS)) {
      if (!scopeLogs) {
        yield undefined;
        continue;
      }
      const scope = yield* findHead(scopeLogs);
      yield {
        shared: once(() => [
          ...writeScopeFields({
            ...(scope.head && { scope: decode<ScopeHead['scope'] & {}>(InstrumentationScope, scope.head) }),
            ...(scope.schemaUrl && { schemaUrl: scope.schemaUrl.toString() }),
          }),
          ...resourceFields(),
        ]),
        largeHead: [resource, scope].flatMap(({ head, schemaUrl }) => largeTexts(head, schemaUrl)),
        *[Symbol.iterator]() {
          for (const bytes of members(scopeLogs, LOG_RECORDS)) {
            yield bytes && unreadRecord(bytes, resource, scope);
          }
        },
      };
    }
  }
}

function unreadRecord(bytes: Buffer, resource: Head, scope: Head): UnreadRecord {
  return {
    read: () => decode<OtlpRecord>(LogRecord, bytes),
    raw: () => requestOf(bytes, resource, scope),
    text: () => printable(bytes.toString()),
    pieces: bytes.length > MAX_RECORD_BYTES ? () => printablePieces(bytes) : undefined,
  };
}

/** A request with one record alone. */
function requestOf(record: Buffer, resource: Head, scope: Head): Buffer {
  const shared = lengthOf(resource) + lengthOf(scope);
  const [ofResource, ofScope] = mayCarry(shared, record.length) ? [resource, scope] : [NO_HEAD, NO_HEAD];
  const scopeLogs = writeFields(ofScope, LOG_RECORDS, record);
  return writeFields(NO_HEAD, RESOURCE_LOGS, writeFields(ofResource, SCOPE_LOGS, scopeLogs));
}

const lengthOf = ({ head, schemaUrl }: Head) => (head?.length ?? 0) + (schemaUrl?.length ?? 0);

function writeFields({ head, schemaUrl }: Head, field: number, message: Buffer): Buffer {
  const writer = protobuf.Writer.create();
  if (head) writer.uint32(tagOf(HEAD)).bytes(head);
  writer.uint32(tagOf(field)).bytes(message);
  if (schemaUrl) writer.uint32(tagOf(SCHEMA_URL)).bytes(schemaUrl);
  return Buffer.from(writer.finish());
}

/** The tag of a field with a message or a text. */
function tagOf(field: number): number {
  return (field << 3) | 2;
}

/** The printable part of a message: texts are in its bytes as they are, so a person can find them by their words. */
const printable = (text: string) => text.replace(/[\0-\x08\x0e-\x1f\x7f\ufffd]+/g, ' ');

function* printablePieces(bytes: Buffer): Generator<LargeText> {
  for (const piece of splitLongText(bytes, 0, bytes.length)) yield { ...piece, text: printable(piece.text) };
}

function largeTexts(...parts: readonly (Buffer | undefined)[]): (() => Generator<LargeText>)[] {
  const large = parts.filter((part) => part !== undefined && part.length > MAX_RECORD_BYTES);
  return large.map((part) => () => printablePieces(part!));
}

/** Decodes a message: 64-bit numbers become decimal strings, bytes buffers; fields that were not sent are left out. */
function decode<Message>(type: protobuf.Type, bytes: Uint8Array): Message {
  try {
    return type.toObject(type.decode(bytes), { longs: String }) as Message;
  } catch (error) {
    if (/nesting depth/.test((error as Error).message)) throw new OtlpTooDeepError();
    throw error;
  }
}

/** The bytes of a resource or scope, without its records. */
interface Head {
  readonly head: Buffer | undefined;
  readonly schemaUrl: Buffer | undefined;
}

const NO_HEAD: Head = { head: undefined, schemaUrl: undefined };

/** Finds the head and the schema URL of a resource or scope; both kinds have them in fields of the same numbers. */
function* findHead(bytes: Buffer): Generator<undefined, Head> {
  let head: Buffer | undefined;
  let schemaUrl: Buffer | undefined;
  for (const found of members(bytes, HEAD)) {
    if (found) head = found;
    else yield undefined;
  }
  for (const found of members(bytes, SCHEMA_URL)) {
    if (found) schemaUrl = found;
    else yield undefined;
  }
  return { head, schemaUrl };
}

/** Yields the messages of one repeated field. */
function* members(bytes: Buffer, field: number): Generator<Buffer | undefined> {
  const reader = protobuf.Reader.create(bytes);
  for (let passed = 1; reader.pos < reader.len; passed++) {
    const tag = reader.uint32();
    if (tag === tagOf(field)) {
      const length = reader.uint32();
      const start = reader.pos;
      reader.skip(length);
      yield bytes.subarray(start, start + length);
    } else reader.skipType(tag & 7);
    if (passed % STEP_FIELDS === 0) yield undefined;
  }
}

/** An `ExportLogsServiceResponse`; empty where nothing was rejected, as the specification wants. */
export function encodeExportResponse(rejected: number, errorMessage: string): Buffer {
  if (rejected === 0) return Buffer.alloc(0);
  const message = { partialSuccess: { rejectedLogRecords: rejected, errorMessage } };
  return Buffer.from(Response.encode(Response.fromObject(message)).finish());
}

/** A `google.rpc.Status` with a RetryInfo: after how many seconds the client should send again. */
export function encodeRetryStatus(code: number, message: string, seconds: number): Buffer {
  const retry = RetryInfo.encode(RetryInfo.fromObject({ retryDelay: { seconds } })).finish();
  const details = [{ typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value: retry }];
  return Buffer.from(Status.encode({ code, message, details }).finish());
}
