import type { RecordGroup } from './otlp.ts';
import { type OtlpRecord, type ResourceHead, type ScopeHead, writeSharedFields } from './otlp-record.ts';
import { expectList, OtlpValueError } from './otlp-value.ts';

type ResourceLogs = ResourceHead & { readonly scopeLogs?: readonly ScopeLogs[] };
type ScopeLogs = ScopeHead & { readonly logRecords?: readonly OtlpRecord[] };

/** Numbers that a double would change, where a sender wrote them without quotes. A name inside a string never matches:
 *  its closing quote has a backslash before it. */
const LONG_NUMBER = /("(?:timeUnixNano|observedTimeUnixNano|intValue)"\s*:\s*)(-?\d{16,20})(?=\s*[,}])/g;

/**
 * The records of an `ExportLogsServiceRequest` in OTLP's JSON mapping.
 * @throws SyntaxError, OtlpValueError where the text is no such request
 */
export function readJsonGroups(text: string): RecordGroup[] {
  const request = object<{ readonly resourceLogs?: unknown }>(
    JSON.parse(text.replace(LONG_NUMBER, '$1"$2"')),
    'the body',
  );
  return expectList<ResourceLogs>(request.resourceLogs, 'resourceLogs').flatMap((resourceLogs) =>
    expectList<ScopeLogs>(object<ResourceLogs>(resourceLogs, 'resourceLogs').scopeLogs, 'scopeLogs').map(
      (scopeLogs) => group(resourceLogs, object<ScopeLogs>(scopeLogs, 'scopeLogs')),
    ),
  );
}

function group(resourceLogs: ResourceLogs, scopeLogs: ScopeLogs): RecordGroup {
  const records = expectList<OtlpRecord>(scopeLogs.logRecords, 'logRecords');
  return {
    shared: () => writeSharedFields(resourceLogs, scopeLogs),
    *[Symbol.iterator]() {
      for (const record of records) {
        yield { read: () => object<OtlpRecord>(record, 'logRecords'), raw: () => JSON.stringify(record) };
      }
    },
  };
}

function object<Shape>(value: unknown, name: string): Shape {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Shape;
  throw new OtlpValueError(`${name}: expected an object`);
}
