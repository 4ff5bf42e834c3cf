import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { ApiDocument, DocumentedOperation } from '../api-document.ts';
import {
  brokenPair,
  DOUBLED_HEADERS,
  halfBroken,
  halfPacked,
  jsonText,
  TYPE_ENDINGS,
  withExtremes,
} from './fuzz-extremes.ts';
import { damaged, hostileText, type KnownValues, parameterText, validValue } from './fuzz-values.ts';

/** A request as it goes over the wire. */
export interface FuzzRequest {
  readonly method: string;
  /** With its query. */
  readonly address: string;
  /** Several values: the header comes as often. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Made when it is sent, because some have megabytes. */
  readonly body: (() => Uint8Array) | undefined;
}

const TYPES = [
  'application/json',
  'application/x-www-form-urlencoded',
  'application/x-ndjson',
  'application/x-protobuf',
  'text/plain',
  '',
];
const ENCODINGS = ['gzip', 'deflate', 'zstd', 'snappy', 'identity', 'br', 'gzip, gzip', '\u00ff'];

/** Requests to one route: what it takes, and what it does not. */
export function requestsTo(
  operation: DocumentedOperation,
  document: ApiDocument,
  known: KnownValues,
  adminToken: string,
): fc.Arbitrary<FuzzRequest> {
  const { method, path, parameters } = operation;
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inHeader = parameters.filter(
    (parameter) => parameter.in === 'header' && parameter.name !== 'Content-Encoding',
  );
  // Few at once: with all of them given, one that is refused would hide the others.
  const query = fc
    .subarray(inQuery, { maxLength: Math.min(4, inQuery.length) })
    .chain((chosen) =>
      fc.tuple(
        ...[...new Set([...chosen, ...inQuery.filter(({ required }) => required)])].map(({ name, schema }) =>
          parameterText(name, schema, known).map((text) => `${name}=${encode(text)}`),
        ),
      ),
    )
    .map((pairs) => pairs.join('&'));
  const extra = fc.oneof(
    { weight: 20, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: hostileText.map((text) => `&${text.replace(/[^!-~]/g, '')}`) },
    { weight: 1, arbitrary: hostileText.map((text) => `&limit=${encode(text)}&limit=1`) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('q', ...inQuery.map(({ name }) => name))
        .chain(brokenPair)
        .map((pair) => `&${pair}`),
    },
  );
  const place = fc
    .tuple(
      ...inPath.map(({ name, schema }) =>
        parameterText(name, schema, known).map((text) => [name, text] as const),
      ),
    )
    .map((values) =>
      values.reduce((made, [name, text]) => made.replace(`{${name}}`, () => encode(text) || 'x'), path),
    );
  const header = fc
    .tuple(...inHeader.map(({ name }) => fc.option(hostileText.map((text) => [name, latin(text)] as const))))
    .map((pairs) => Object.fromEntries(pairs.filter((pair) => pair !== null)));
  const doubled = fc.oneof(
    { weight: 20, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(...Object.keys(DOUBLED_HEADERS))
        .map((name) => ({ [name]: DOUBLED_HEADERS[name]! })),
    },
  );
  return fc
    .record({ place, query, extra, header, doubled, body: bodyOf(operation, document, known) })
    .map(({ place, query, extra, header, doubled, body }) => ({
      method,
      address: `${place}?${query}${extra}`,
      headers: { 'X-Admin-Token': adminToken, ...header, ...body.headers, ...doubled },
      body: method === 'GET' ? undefined : body.content,
    }));
}

/** Requests to no route, or to one by a method that it does not take. */
export function strayRequests(paths: readonly string[]): fc.Arbitrary<FuzzRequest> {
  const known = fc.constantFrom(...paths).map((path) => path.replaceAll(/\{\w+\}/g, 'x'));
  const place = fc.oneof(
    known,
    fc.tuple(known, hostileText).map(([path, text]) => `${path}/${encode(text)}`),
    hostileText.map((text) => `/${text.replace(/[^!-~]/g, '')}`),
  );
  return fc
    .tuple(place, fc.constantFrom('PATCH', 'TRACE', 'PROPFIND', 'MOVE'))
    .map(([address, method]) => ({ method, address, headers: {}, body: undefined }));
}

interface Body {
  readonly content: (() => Uint8Array) | undefined;
  readonly headers: Record<string, string>;
}

function bodyOf(
  { requestBody }: DocumentedOperation,
  document: ApiDocument,
  known: KnownValues,
): fc.Arbitrary<Body> {
  if (!requestBody) return fc.constant({ content: undefined, headers: {} });
  const described = Object.entries(requestBody.content).map(([type, { schema }]) => {
    const valid = validValue(schema, document, known);
    const value = fc.oneof({ weight: 3, arbitrary: valid }, { weight: 2, arbitrary: valid.chain(damaged) });
    return value.map((value) => ({ type, bytes: () => bytesOf(type, value) }));
  });
  const garbage = fc
    .tuple(
      fc.constantFrom(...TYPES),
      fc.oneof(hostileText.map(utf8), fc.uint8Array({ maxLength: 200 }), NASTY_JSON.map(utf8)),
    )
    .map(([type, bytes]) => ({ type, bytes: () => bytes }));
  const whole = fc.constant((bytes: Uint8Array) => bytes);
  const packing = fc.oneof(
    { weight: 16, arbitrary: whole.map((pack) => ({ encoding: '', pack })) },
    { weight: 2, arbitrary: fc.constant({ encoding: 'gzip', pack: (bytes: Uint8Array) => gzipSync(bytes) }) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...ENCODINGS), whole)
        .map(([encoding, pack]) => ({ encoding, pack })),
    },
    { weight: 1, arbitrary: halfPacked.map((pack) => ({ encoding: 'gzip', pack })) },
  );
  return fc
    .record({
      body: fc.oneof({ weight: 5, arbitrary: fc.oneof(...described) }, { weight: 2, arbitrary: garbage }),
      change: fc.oneof({ weight: 9, arbitrary: whole }, { weight: 1, arbitrary: halfBroken }),
      ending: fc.oneof(
        { weight: 20, arbitrary: fc.constant('') },
        { weight: 1, arbitrary: fc.constantFrom(...TYPE_ENDINGS) },
      ),
      packing,
    })
    .map(({ body: { type, bytes }, change, ending, packing: { encoding, pack } }) => ({
      content: () => pack(change(bytes())),
      headers: {
        ...(type !== '' && { 'Content-Type': type + ending }),
        ...(encoding !== '' && { 'Content-Encoding': encoding }),
      },
    }));
}

const NASTY_JSON = fc.constantFrom(
  '['.repeat(20_000),
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
  '{"__proto__":{"x":1},"constructor":{"prototype":{}}}',
  '{"a":1,"a":2}',
  '{"n":1e999,"m":-1e999,"i":123456789012345678901234567890}',
  '{"t":"\\ud800","z":"\\u0000"}',
  '\ufeff{"message":"bom"}',
  '{"message":"a"}\n\n{"message":"b"}\r\n{broken\n[1,2]\n"text"\n7\nnull',
  'null',
  '[]',
  '"x"',
);

function bytesOf(type: string, value: unknown): Uint8Array {
  const json = jsonText(value);
  if (type !== 'application/x-www-form-urlencoded') return utf8(json);
  if (typeof value !== 'object' || value === null) return utf8(withExtremes(String(value)));
  const pairs = Object.entries(value).map(
    ([name, item]) => `${encode(name)}=${encode(withExtremes(String(item)))}`,
  );
  return utf8(pairs.join('&'));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What a header can carry. */
function latin(text: string): string {
  return text.replace(/[^\x20-\x7e\xa0-\xff]/g, '');
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
