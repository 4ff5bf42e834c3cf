import { gzipSync } from 'node:zlib';

export interface GarbageRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const LINES = [
  '{"message":"fine","service":"garbage"}',
  '{"message":1e999,"level":["error"],"timestamp":{}}',
  '{"timestamp":"9999999999999999999999","log":null}',
  '{"a":"\\ud800","message":"half a character"}',
  '{"message":"\\u0000\\u0001"}',
  '[[[[{}]]]]',
  '"text"',
  'null',
  '{"half":',
  `${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`,
  `{"message":"${'x'.repeat(100_000)}"}`,
  '{"__proto__":{"x":1},"constructor":2,"message":"names"}',
  '[',
  '{}',
];
const TYPES = ['application/json', 'application/x-protobuf', 'text/plain', 'application/x-ndjson', ''];
const ENCODINGS = ['gzip', 'deflate', 'zstd', 'snappy', 'br', 'nonsense'];

/** What a broken sender, or a wicked one, may send. */
export function makeGarbage(random: () => number): GarbageRequest {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const path = pick(['/logs/ingest', '/v1/logs']);
  const headers: Record<string, string> = { 'content-type': pick(TYPES) };
  let body: Buffer = Buffer.from(
    Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(LINES)).join('\n'),
  );
  if (random() < 0.3)
    body = Buffer.from(
      Array.from({ length: Math.floor(random() * 2_000) }, () => Math.floor(random() * 256)),
    );
  if (random() < 0.4) {
    headers['content-encoding'] = pick(ENCODINGS);
    if (random() < 0.5) body = gzipSync(body);
  }
  if (random() < 0.4) body = body.subarray(0, Math.floor(random() * body.length));
  if (random() < 0.3) {
    for (let change = 0; change < 5 && body.length > 0; change++) {
      body[Math.floor(random() * body.length)] = Math.floor(random() * 256);
    }
  }
  return { path, headers, body };
}
