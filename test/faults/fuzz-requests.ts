import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { ApiDocument, DocumentedOperation } from '../api-document.ts';
import { damaged, hostileText, type KnownValues, parameterText, validValue } from './fuzz-values.ts';

/** A request as it goes over the wire. */
export interface FuzzRequest {
  readonly method: string;
  /** With its query. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
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
  return fc
    .record({ place, query, extra, header, body: bodyOf(operation, document, known) })
    .map(({ place, query, extra, header, body }) => ({
      method,
      address: `${place}?${query}${extra}`,
      headers: { 'X-Admin-Token': adminToken, ...header, ...body.headers },
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
  readonly content: Uint8Array | undefined;
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
    return value.map((value) => ({ type, bytes: bytesOf(type, value) }));
  });
  const garbage = fc
    .tuple(
      fc.constantFrom(...TYPES),
      fc.oneof(hostileText.map(utf8), fc.uint8Array({ maxLength: 200 }), NASTY_JSON.map(utf8)),
    )
    .map(([type, bytes]) => ({ type, bytes }));
  const packing = fc.oneof(
    { weight: 8, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constant('packed') },
    { weight: 1, arbitrary: fc.constantFrom(...ENCODINGS) },
  );
  return fc
    .tuple(
      fc.oneof({ weight: 5, arbitrary: fc.oneof(...described) }, { weight: 2, arbitrary: garbage }),
      packing,
    )
    .map(([{ type, bytes }, packing]) => ({
      content: packing === 'packed' ? gzipSync(bytes) : bytes,
      headers: {
        ...(type !== '' && { 'Content-Type': type }),
        ...(packing !== '' && { 'Content-Encoding': packing === 'packed' ? 'gzip' : packing }),
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
  const json = JSON.stringify(value) ?? '';
  if (type !== 'application/x-www-form-urlencoded') return utf8(json);
  if (typeof value !== 'object' || value === null) return utf8(String(value));
  const pairs = Object.entries(value).map(([name, item]) => `${encode(name)}=${encode(String(item))}`);
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
