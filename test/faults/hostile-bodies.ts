import { deflateSync, gzipSync } from 'node:zlib';
import { compressSync as snappySync } from 'snappy';

/** A body that is made to hold a server up. */
export interface HostileBody {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const repeat = (text: string, bytes: number) => Buffer.alloc(bytes, text);

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const members = (count: number) => Array.from({ length: count }, (_, n) => `"f${n}":${n}`).join(',');

function send(
  body: Buffer | string,
  headers: Record<string, string> = {},
  path = '/logs/ingest',
): HostileBody {
  return { path, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(body) };
}

const packed = (encoding: string, pack: (body: Buffer) => Buffer, body: Buffer | string) =>
  send(pack(Buffer.from(body)), { 'content-encoding': encoding });

/** A frame of zstd: a descriptor of its window, then blocks, each a length and one byte that stands for all of them. */
export function zstdFrame(windowDescriptor: number, blocks: readonly number[]): Buffer {
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0, windowDescriptor];
  for (const [index, size] of blocks.entries()) {
    const head = (size << 3) | (1 << 1) | (index === blocks.length - 1 ? 1 : 0);
    bytes.push(head & 0xff, (head >> 8) & 0xff, head >> 16, 0x0a);
  }
  return Buffer.from(bytes);
}

/** 8 MB: 2 ** (10 + 13). */
export const WINDOW_8_MB = 13 << 3;
/** 1.9 GB. */
export const WINDOW_1900_MB = (20 << 3) | 7;

/** A field of protobuf: its tag, its length and its bytes. */
function field(tag: number, content: Buffer): Buffer {
  const length = [];
  for (let rest = content.length; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.concat([Buffer.from([tag, ...length, rest]), content]);
    length.push((rest & 0x7f) | 0x80);
  }
}

const protobuf = (records: Buffer, head = Buffer.alloc(0)) =>
  send(
    field(0x0a, Buffer.concat([head, field(0x12, records)])),
    { 'content-type': 'application/x-protobuf' },
    '/v1/logs',
  );

function deepValue(depth: number): Buffer {
  let value = field(0x0a, Buffer.from('x'));
  for (let level = 0; level < depth; level++) value = field(0x2a, field(0x0a, value));
  return value;
}

const otlp = (records: string, resource = '{}') =>
  send(
    `{"resourceLogs":[{"resource":${resource},"scopeLogs":[{"logRecords":[${records}]}]}]}`,
    {},
    '/v1/logs',
  );

/**
 * By name, each made when it is needed.
 * @param bytes how long the long ones are, unpacked
 */
export function hostileBodies(bytes: number): Readonly<Record<string, () => HostileBody>> {
  const ones = () => `[${'1,'.repeat(bytes / 2 - 2)}1]`;
  const lines = (line: string) => `${line}\n`.repeat(bytes / (line.length + 1));
  const long = (unit: string) => unit.repeat(bytes / unit.length);
  return {
    'nothing hostile': () => send('{"message":"ordinary"}\n'.repeat(1_000)),
    'zstd: a window of 1.9 GB': () => send(zstdFrame(WINDOW_1900_MB, [1]), { 'content-encoding': 'zstd' }),
    'zstd: a window of 1.9 GB, 30 blocks': () =>
      send(zstdFrame(WINDOW_1900_MB, Array(30).fill(1)), { 'content-encoding': 'zstd' }),
    'zstd: a window of 8 MB, 5,000 blocks': () =>
      send(zstdFrame(WINDOW_8_MB, Array(5_000).fill(1)), { 'content-encoding': 'zstd' }),
    'zstd: a window of 8 MB, 1,000 blocks': () =>
      send(zstdFrame(WINDOW_8_MB, Array(1_000).fill(1)), { 'content-encoding': 'zstd' }),
    'zstd: line breaks': () =>
      send(zstdFrame(WINDOW_8_MB, Array(Math.floor(bytes / 131_072)).fill(131_072)), {
        'content-encoding': 'zstd',
      }),
    'line breaks': () => send(repeat('\n', bytes)),
    'x and a line break': () => send(repeat('x\n', bytes)),
    '{ and a line break': () => send(repeat('{\n', bytes)),
    '{} and a line break': () => send(repeat('{}\n', bytes / 8)),
    'list of ones': () => send(ones()),
    'list of ones, gzip': () => packed('gzip', (body) => gzipSync(body), ones()),
    'list of ones, deflate': () => packed('deflate', (body) => deflateSync(body), ones()),
    'list of ones, snappy': () => packed('snappy', (body) => snappySync(body), ones()),
    'list of commas': () => send(repeat(',', bytes).fill('[', 0, 1)),
    'blanks in a list': () => send(`[${' '.repeat(bytes - 2)}]`),
    'a million fields': () => send(`{${members(1_000_000)}}`),
    'a million fields, pretty': () => send(`{\n${members(1_000_000).replaceAll(',', ',\n')}\n}`),
    'one long record': () => send(`{"message":"${long('words, ')}"}`),
    'one long record, snappy': () =>
      packed('snappy', (body) => snappySync(body), `{"message":"${long('x')}"}`),
    'long records of secrets': () => send(lines(`{"message":"${'password=hunter2 '.repeat(60_000)}"}`)),
    'nested a million deep': () => send(`{"message":"deep","a":${nested(1_000_000)}}`),
    'records nested 8,000 deep': () => send(lines(`{"message":"deep","deep":${nested(8_000)}}`)),
    'text without an end': () => send(repeat('x', bytes)),
    'updates of one line': () => send(lines(JSON.stringify({ log: '1%\r'.repeat(200_000) }))),
    'otlp json: empty records': () => otlp(`${'{},'.repeat(bytes / 24)}{}`),
    'otlp json: one long record': () => otlp(`{"body":{"stringValue":"${long('x')}"}}`),
    'otlp json: a list of ones': () => send(`{"resourceLogs":${ones()}}`, {}, '/v1/logs'),
    'otlp json: nested': () => otlp(`{"body":${nested(1_000_000)}}`),
    'otlp json: a large resource': () =>
      otlp(
        `${'{},'.repeat(bytes / 600)}{}`,
        `{"attributes":[{"key":"a","value":{"stringValue":"${'x'.repeat(900_000)}"}}]}`,
      ),
    'otlp protobuf: empty records': () => protobuf(repeat('\x12\0', bytes / 8)),
    'otlp protobuf: one long record': () =>
      protobuf(field(0x12, field(0x2a, field(0x0a, repeat('x', bytes))))),
    'otlp protobuf: nested': () => protobuf(field(0x12, field(0x2a, deepValue(10_000)))),
    'otlp protobuf: unknown fields': () => protobuf(repeat('\x18\0', bytes)),
  };
}
