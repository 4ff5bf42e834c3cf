import { LogplaneError } from '../errors.ts';
import { mayCarry, type RecordGroup } from './otlp.ts';
import { type OtlpRecord, type ResourceHead, type ScopeHead, writeSharedFields } from './otlp-record.ts';
import { expectList, OtlpValueError } from './otlp-value.ts';

type ResourceLogs = ResourceHead & { readonly scopeLogs?: readonly ScopeLogs[] };
type ScopeLogs = ScopeHead & { readonly logRecords?: readonly OtlpRecord[] };

/** Numbers that a double would change, where a sender wrote them without quotes. A name inside a string never matches:
 *  its closing quote has a backslash before it. */
const LONG_NUMBER = /("(?:timeUnixNano|observedTimeUnixNano|intValue)"\s*:\s*)(-?\d{16,20})(?=\s*[,}])/g;

/** Parsing 21 million empty objects, which fit a body, took 18 s and 1.8 GB; real bodies of 64 MB hold up to three million. */
const MOST_OBJECTS = 4_000_000;
const BRACE = 0x7b;

/**
 * The records of an `ExportLogsServiceRequest` in OTLP's JSON mapping.
 * @throws SyntaxError, OtlpValueError where the text is no such request, LogplaneError `too_large` where it holds too many objects
 */
export function readJsonGroups(body: Buffer): RecordGroup[] {
  refuseTooMany(body);
  const text = body.toString();
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

function refuseTooMany(body: Buffer): void {
  let count = 0;
  for (let at = body.indexOf(BRACE); at !== -1; at = body.indexOf(BRACE, at + 1)) {
    if (++count > MOST_OBJECTS) {
      throw new LogplaneError('too_large', `a body may hold ${MOST_OBJECTS} JSON objects; send it in parts`);
    }
  }
}

function group(resourceLogs: ResourceLogs, scopeLogs: ScopeLogs): RecordGroup {
  const records = expectList<OtlpRecord>(scopeLogs.logRecords, 'logRecords');
  return {
    shared: () => writeSharedFields(resourceLogs, scopeLogs),
    *[Symbol.iterator]() {
      for (const record of records) {
        yield {
          read: () => object<OtlpRecord>(record, 'logRecords'),
          raw: () => requestOf(record, resourceLogs, scopeLogs),
        };
      }
    },
  };
}

/** JSON can be read at any depth, but not be written. */
function requestOf(record: unknown, resourceLogs: ResourceLogs, scopeLogs: ScopeLogs): string {
  try {
    const alone = JSON.stringify(record);
    const heads = [
      { ...resourceLogs, scopeLogs: undefined },
      { ...scopeLogs, logRecords: undefined },
    ].map((head) => JSON.stringify(head).slice(0, -1));
    if (!mayCarry(heads.join('').length, alone.length)) return alone;
    const [resource, scope] = heads.map((head) => (head === '{' ? head : `${head},`));
    return `{"resourceLogs":[${resource}"scopeLogs":[${scope}"logRecords":[${alone}]}]}]}`;
  } catch (error) {
    if (error instanceof RangeError) return 'nested too deeply to be kept';
    throw error;
  }
}

function object<Shape>(value: unknown, name: string): Shape {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Shape;
  throw new OtlpValueError(`${name}: expected an object`);
}
