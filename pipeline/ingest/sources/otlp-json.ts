import { once } from '../../runtime/once.ts';
import { isOneObject, JsonCursor } from './json-cursor.ts';
import { mayCarry, type RecordGroup, type UnreadRecord } from './otlp.ts';
import {
  type OtlpRecord,
  type ResourceHead,
  type ScopeHead,
  writeResourceFields,
  writeScopeFields,
} from './otlp-record.ts';
import { expectList, MAX_VALUE_DEPTH, OtlpTooDeepError, OtlpValueError } from './otlp-value.ts';
import { exceededLimit, MAX_RECORD_BYTES, splitLongText } from './record-limits.ts';

/** Numbers that a double would change, where a sender wrote them without quotes. A name inside a string never matches:
 *  its closing quote has a backslash before it. */
const LONG_NUMBER = /("(?:timeUnixNano|observedTimeUnixNano|intValue)"\s*:\s*)(-?\d{16,20})(?=\s*[,}])/g;

/** OTLP's JSON uses four levels for one level of a value. */
const MAX_JSON_DEPTH = MAX_VALUE_DEPTH * 4 + 8;

const QUOTE = 0x22;
const OPENS = 0x7b;
const LIST_OPENS = 0x5b;
const LIST_CLOSES = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

/** The position of a value in the body. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Opens an `ExportLogsServiceRequest` in OTLP's JSON mapping. A short one is parsed at once; a long one is checked by its brackets.
 * Yields undefined between bounded steps, and returns a reader of its records.
 * @throws SyntaxError, OtlpValueError where it is no such request
 */
export function* openJsonRequest(
  body: Buffer,
): Generator<undefined, () => Iterable<RecordGroup | undefined>> {
  if (body.length <= MAX_RECORD_BYTES) {
    const text = body.toString();
    if (exceededLimit(text, MAX_JSON_DEPTH, Number.POSITIVE_INFINITY) === undefined) {
      const groups = parsedGroups(readObject(text, 'the body'));
      return () => groups;
    }
  }
  yield* checkJsonRequest(body);
  return () => readJsonGroups(body);
}

function parsedGroups({ resourceLogs }: { readonly resourceLogs?: unknown }): RecordGroup[] {
  return expectList<ParsedResource>(resourceLogs, 'resourceLogs').flatMap((resource) => {
    const scopes = expectList<ParsedScope>(
      expectObject<ParsedResource>(resource, 'resourceLogs').scopeLogs,
      'scopeLogs',
    );
    const resourceFields = once(() => writeResourceFields(resource));
    const resourceHead = once(() => membersOf({ ...resource, scopeLogs: undefined }));
    return scopes.map((scope): RecordGroup => {
      const records = expectList<unknown>(
        expectObject<ParsedScope>(scope, 'scopeLogs').logRecords,
        'logRecords',
      );
      const scopeHead = once(() => membersOf({ ...scope, logRecords: undefined }));
      const request = (record: string) =>
        requestOf(record, resourceHead().length + scopeHead().length, () => ({
          resource: resourceHead(),
          scope: scopeHead(),
        }));
      return {
        shared: once(() => [...writeScopeFields(scope), ...resourceFields()]),
        largeHead: [],
        *[Symbol.iterator]() {
          for (const record of records) {
            const text = () => JSON.stringify(record);
            yield {
              read: () => expectObject<OtlpRecord>(record, 'logRecords'),
              raw: () => request(text()),
              text,
              pieces: undefined,
            };
          }
        },
      };
    });
  });
}

/** The members of an object as JSON, without its braces. */
const membersOf = (value: object): string => JSON.stringify(value).slice(1, -1);

type ParsedResource = ResourceHead & { readonly scopeLogs?: unknown };
type ParsedScope = ScopeHead & { readonly logRecords?: unknown };

function expectObject<Expected>(value: unknown, name: string): Expected {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Expected;
  throw new OtlpValueError(`${name}: expected an object`);
}

/** @throws OtlpValueError where the brackets of a long body do not match, or it holds no list of resources */
function* checkJsonRequest(body: Buffer): Generator<undefined> {
  const cursor = new JsonCursor(body);
  while (!cursor.skipBlanks()) yield undefined;
  if (cursor.byte !== OPENS) throw new OtlpValueError('the body: expected an object');
  if (!(yield* isOneObject(body, cursor.at))) {
    throw new OtlpValueError('the body breaks off, or its brackets do not match');
  }
  const { resourceLogs } = yield* findMembers(body, cursor.at, ['resourceLogs']);
  if (resourceLogs && body[resourceLogs.from] !== LIST_OPENS && body[resourceLogs.from] !== NULL) {
    throw new OtlpValueError('resourceLogs: expected a list');
  }
}

const NULL = 0x6e;

/**
 * Yields the records of an `ExportLogsServiceRequest` in OTLP's JSON mapping one by one; a value that is no record is yielded as a record
 * that cannot be read. undefined stands for a bounded step without a record.
 */
function* readJsonGroups(body: Buffer): Generator<RecordGroup | undefined> {
  const cursor = new JsonCursor(body);
  while (!cursor.skipBlanks()) yield undefined;
  const request = yield* findMembers(body, cursor.at, ['resourceLogs']);
  for (const resource of items(body, request.resourceLogs)) {
    if (!resource) {
      yield undefined;
      continue;
    }
    if (body[resource.from] !== OPENS) {
      yield brokenGroup(body, resource, 'resourceLogs: expected an object', requestOfResource);
      continue;
    }
    const heads = yield* findMembers(body, resource.from, ['resource', 'schemaUrl', 'scopeLogs']);
    const resourceHead = once(() => textOf(body, heads, RESOURCE_HEAD));
    const resourceFields = once(() =>
      writeResourceFields(readHead<ResourceHead>(resourceHead(), 'resource')),
    );
    if (heads.scopeLogs && body[heads.scopeLogs.from] !== LIST_OPENS && body[heads.scopeLogs.from] !== NULL) {
      yield brokenGroup(body, resource, 'scopeLogs: expected a list', requestOfResource);
      continue;
    }
    for (const scope of items(body, heads.scopeLogs)) {
      if (!scope) yield undefined;
      else if (body[scope.from] !== OPENS)
        yield brokenGroup(body, scope, 'scopeLogs: expected an object', requestOfScope);
      else {
        const found = yield* findMembers(body, scope.from, ['scope', 'schemaUrl', 'logRecords']);
        const { logRecords } = found;
        if (logRecords && body[logRecords.from] !== LIST_OPENS && body[logRecords.from] !== NULL) {
          yield brokenGroup(body, scope, 'logRecords: expected a list', requestOfScope);
          continue;
        }
        const scopeHead = once(() => textOf(body, found, SCOPE_HEAD));
        const spans = [heads.resource, heads.schemaUrl, found.scope, found.schemaUrl].filter(isFound);
        const length = spans.reduce((sum, { from, to }) => sum + to - from, 0);
        const request = (record: string) =>
          requestOf(record, length, () => ({ resource: resourceHead(), scope: scopeHead() }));
        yield {
          shared: once(() => [
            ...writeScopeFields(readHead<ScopeHead>(scopeHead(), 'scope')),
            ...resourceFields(),
          ]),
          largeHead: spans
            .filter(({ from, to }) => to - from > MAX_RECORD_BYTES)
            .map(
              ({ from, to }) =>
                () =>
                  splitLongText(body, from, to),
            ),
          *[Symbol.iterator]() {
            for (const record of items(body, logRecords)) yield record && unreadRecord(body, record, request);
          },
        };
      }
    }
  }
}

const RESOURCE_HEAD = ['resource', 'schemaUrl'];
const SCOPE_HEAD = ['scope', 'schemaUrl'];

const isFound = (span: Span | undefined): span is Span => span !== undefined;

function unreadRecord(body: Buffer, { from, to }: Span, request: (record: string) => string): UnreadRecord {
  const text = () => body.toString('utf8', from, to);
  const problem = body[from] === OPENS ? undefined : 'logRecords: expected an object';
  const isTooLong = to - from > MAX_RECORD_BYTES;
  return {
    problem,
    read: () => readObject<OtlpRecord>(text(), 'logRecords'),
    raw: () => request(text()),
    text,
    pieces: isTooLong ? () => splitLongText(body, from, to) : undefined,
  };
}

/** The attributes and names of a resource and a scope, as members of JSON objects. */
interface Heads {
  readonly resource: string;
  readonly scope: string;
}

/** A request with one record alone. @param length of its heads, which are made only where they are small enough */
function requestOf(record: string, length: number, heads: () => Heads): string {
  const { resource, scope } = mayCarry(length, record.length) ? heads() : { resource: '', scope: '' };
  return requestOfResource(
    `{${followed(resource)}"scopeLogs":[{${followed(scope)}"logRecords":[${record}]}]}`,
  );
}

const followed = (members: string) => (members === '' ? '' : `${members},`);
const requestOfResource = (resource: string) => `{"resourceLogs":[${resource}]}`;
const requestOfScope = (scope: string) => requestOfResource(`{"scopeLogs":[${scope}]}`);

/** The group of a resource or scope in which no records can be found. @param request makes a request with it alone */
function brokenGroup(
  body: Buffer,
  { from, to }: Span,
  reason: string,
  request: (text: string) => string,
): RecordGroup {
  const record: UnreadRecord = {
    read() {
      throw new OtlpValueError(reason);
    },
    raw: () => request(body.toString('utf8', from, Math.min(to, from + MAX_RECORD_BYTES))),
    text: () => '',
    pieces: undefined,
  };
  return { shared: () => [], largeHead: [], [Symbol.iterator]: () => [record].values() };
}

/** The text of a head's members, which are not adjacent in the body. */
function textOf(body: Buffer, spans: Readonly<Record<string, Span>>, names: readonly string[]): string {
  const members = names.flatMap((name) => {
    const span = spans[name];
    if (!span) return [];
    return [`"${name}":${body.toString('utf8', span.from, span.to)}`];
  });
  return members.join(',');
}

const readHead = <Head>(members: string, name: string): Head => readObject<Head>(`{${members}}`, name);

function readObject<Expected>(json: string, name: string): Expected {
  if (exceededLimit(json, MAX_JSON_DEPTH, Number.POSITIVE_INFINITY)) throw new OtlpTooDeepError();
  return expectObject<Expected>(JSON.parse(json.replace(LONG_NUMBER, '$1"$2"')), name);
}

/** Finds the positions of the members of an object with one of the names; of a repeated name the last one. */
function* findMembers(
  body: Buffer,
  start: number,
  names: readonly string[],
): Generator<undefined, Record<string, Span>> {
  const found: Record<string, Span> = {};
  const cursor = new JsonCursor(body, start);
  do {
    cursor.at++;
    while (!cursor.skipBlanks()) yield undefined;
    const name =
      cursor.byte === QUOTE ? names.find((wanted) => startsWith(body, cursor.at + 1, wanted)) : undefined;
    if (name !== undefined) {
      cursor.at += name.length + 2;
      while (!cursor.skipBlanks()) yield undefined;
      if (cursor.byte === COLON) cursor.at++;
      while (!cursor.skipBlanks()) yield undefined;
    }
    const from = cursor.at;
    while (!cursor.skipValue()) yield undefined;
    if (name !== undefined) found[name] = { from, to: cursor.at };
  } while (cursor.byte === COMMA);
  return found;
}

function startsWith(body: Buffer, at: number, name: string): boolean {
  return body[at + name.length] === QUOTE && body.toString('latin1', at, at + name.length) === name;
}

/** The values of a list; none where there is no list. */
function* items(body: Buffer, list: Span | undefined): Generator<Span | undefined> {
  if (!list || body[list.from] !== LIST_OPENS) return;
  const cursor = new JsonCursor(body, list.from);
  do {
    cursor.at++;
    while (!cursor.skipBlanks()) yield undefined;
    const from = cursor.at;
    if (cursor.byte === LIST_CLOSES) return;
    while (!cursor.skipValue()) yield undefined;
    yield { from, to: cursor.at };
  } while (cursor.byte === COMMA);
}
