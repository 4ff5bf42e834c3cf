import { gzipSync } from 'node:zlib';
import fc from 'fast-check';

/** Nesting of the deep values, members and elements of the wide ones. */
const DEEP = 10_000;
const WIDE = 10_000;
const HUGE = 2 * 1024 * 1024;

/** JSON texts by name, made when they are sent: 100,000 requests with them would not fit into memory. */
// biome-ignore format: a table
const JSON_TEXTS: Readonly<Record<string, () => string>> = {
  'deep array': () => '['.repeat(DEEP) + ']'.repeat(DEEP),
  'deep object': () => `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  'deep mixture': () => `${'{"a":[1,'.repeat(DEEP / 2)}null${',2],"b":3}'.repeat(DEEP / 2)}`,
  'deep and open': () => '[{"a":'.repeat(DEEP / 2),
  'deep one level below a usual limit': () => `${'['.repeat(99)}1${']'.repeat(99)}`,
  'wide object': () => `{${numbered((index) => `"field_${index}":${index}`)}}`,
  'wide object of dotted names': () => `{${numbered((index) => `"a.b${index}.c":"${index}"`)}}`,
  'wide array of numbers': () => `[${numbered((index) => String(index))}]`,
  'wide array of texts': () => `[${numbered(() => '"level:error"')}]`,
  'wide array of empty objects': () => `[${numbered(() => '{}')}]`,
  'one name many times': () => `{${numbered((index) => `"message":${index}`)}}`,
  'huge text': () => `"${'x'.repeat(HUGE)}"`,
  'huge text of escapes': () => `"${'\\u0001'.repeat(HUGE / 6)}"`,
  'huge text of line breaks': () => `"${'\\n'.repeat(HUGE / 8)}"`,
  'huge text of parentheses': () => `"${'('.repeat(HUGE / 8)}"`,
  'huge text of terms': () => `"${'a:b OR '.repeat(HUGE / 32)}x"`,
  'huge name': () => `{"${'n'.repeat(HUGE)}":1}`,
  'huge number': () => '9'.repeat(HUGE / 8),
  'number beyond doubles': () => '1e999',
  'number far beyond doubles': () => '-1e999999999999',
  'number below doubles': () => '1e-999',
  'number of 40 digits': () => '1234567890123456789012345678901234567890',
  'integer beyond exactness': () => '9007199254740993',
  'negative zero': () => '-0.0',
  'no number of JSON': () => '-Infinity',
  'number with a leading zero': () => '007',
  'first half of a pair': () => '"a\\ud800b"',
  'second half of a pair': () => '"\\udc00"',
  'name of half a pair': () => '{"\\udfff":"\\ud800"}',
  'zero byte': () => '"a\\u0000b"',
  'unknown escape': () => '"\\x41"',
  'unfinished escape': () => '"\\u12"',
  'control character': () => '"\u0001"',
  'names of the prototype': () => '{"__proto__":{"toString":1},"constructor":{"prototype":{"x":1}},"toJSON":1,"then":1,"length":-1}',
  'comment': () => '/* x */ 1',
  'nothing': () => '',
};

const BOUNDARY = '\uE000';
const PLACEHOLDER = /"?\uE000([^\uE000]*)\uE000"?/g;

/** Stands for one of the texts within a value, until `jsonText` writes the value. */
export const extremeValue: fc.Arbitrary<string> = fc
  .constantFrom(...Object.keys(JSON_TEXTS))
  .map((name) => BOUNDARY + name + BOUNDARY);

/** A value as JSON, with its extremes. */
export function jsonText(value: unknown): string {
  return withExtremes(JSON.stringify(value) ?? '');
}

/** A text with its extremes in the place of what stands for them. */
export function withExtremes(text: string): string {
  return text.replace(PLACEHOLDER, (found, name) => JSON_TEXTS[name]?.() ?? found);
}

/** Parameters that are long, deep or beyond numbers, as far as an address can be long. */
export const extremeParameter: fc.Arbitrary<string> = fc.constantFrom(
  'x'.repeat(12_000),
  '9'.repeat(4_000),
  `-${'9'.repeat(400)}`,
  `0.${'0'.repeat(3_000)}1`,
  '1e999',
  '-1e999',
  '5e-324',
  ','.repeat(4_000),
  'level,'.repeat(2_000),
  `${'('.repeat(2_000)}a${')'.repeat(2_000)}`,
  `${'NOT '.repeat(3_000)}a`,
  `${'-'.repeat(8_000)}a`,
  Array.from({ length: 1_500 }, (_, index) => `a${index}`).join(' OR '),
  Array.from({ length: 800 }, (_, index) => `f${index}:>${index}`).join(' '),
  `level:(${Array.from({ length: 1_000 }, (_, index) => `v${index}`).join(' OR ')})`,
  `message:/${'(a|'.repeat(1_000)}b${')'.repeat(1_000)}/`,
  `message:/${'a?'.repeat(1_000)}/`,
  'message:/(x{1,1000}){1,1000}/',
  `${'a.'.repeat(4_000)}b:1`,
  `n:[-${'9'.repeat(400)} TO 1e999]`,
  `"${'\\"'.repeat(3_000)}`,
  `${'../'.repeat(3_000)}etc/passwd`,
  `now${'-1h'.repeat(2_000)}`,
  'now-99999999999999999999999h',
  `${'2'.repeat(300)}-01-01`,
  `{"a":${'['.repeat(3_000)}`,
  '\u202e\ufeff\u0000\u009b',
);

/** Pairs of an address that are no well-formed UTF-8 or percent encoding, or there more than once. */
export function brokenPair(name: string): fc.Arbitrary<string> {
  return fc.constantFrom(
    `${name}=%ff%fe`,
    `${name}=%c3%28`,
    `${name}=%ed%a0%80`,
    `${name}=%c0%80`,
    `${name}=%e2%82`,
    `${name}=%`,
    `${name}=%zz`,
    `${name}=a&${name}=b`,
    `${name}=&${name}`,
    `${name}[]=a&${name}[b]=c`,
    `%${name}=a`,
    `${name}=a;${name}=b`,
    Array.from({ length: 1_000 }, () => `${name}=1`).join('&'),
    Array.from({ length: 1_500 }, (_, index) => `p${index}=1`).join('&'),
    '&'.repeat(6_000),
    '='.repeat(6_000),
  );
}

/** Bytes that no UTF-8 text has. */
const NO_UTF8 = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x82],
  [0],
  [0x1f, 0x8b],
];

type Change = (bytes: Uint8Array) => Uint8Array;

/** What happens to the bytes of a body on its way: cut, with foreign bytes, in another encoding. */
export const halfBroken: fc.Arbitrary<Change> = fc.double({ min: 0, max: 1, noNaN: true }).chain((share) =>
  fc.oneof(
    fc.constant<Change>((bytes) => bytes.subarray(0, Math.floor(bytes.length * share))),
    fc.constant<Change>((bytes) => bytes.subarray(Math.floor(bytes.length * share))),
    fc.constantFrom(...NO_UTF8).map<Change>((foreign) => (bytes) => {
      const at = Math.floor(bytes.length * share);
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(foreign), bytes.subarray(at)]);
    }),
    fc.constant<Change>((bytes) => Buffer.concat([bytes, bytes])),
    fc.constant<Change>((bytes) => Buffer.from(`\ufeff${textOf(bytes)}`, 'utf16le')),
    fc.constant<Change>((bytes) => Buffer.from(`\ufeff${textOf(bytes)}`, 'utf16le').swap16()),
    fc.constant<Change>((bytes) => Buffer.from(`\ufeff${textOf(bytes)}`)),
    fc.constant<Change>((bytes) => Buffer.from(textOf(bytes), 'latin1')),
  ),
);

/** Packed bodies that cannot be unpacked, or only in part. */
export const halfPacked: fc.Arbitrary<Change> = fc.double({ min: 0, max: 1, noNaN: true }).chain((share) =>
  fc.constantFrom<Change>(
    (bytes) => {
      const packed = gzipSync(bytes);
      return packed.subarray(0, Math.floor(packed.length * share));
    },
    (bytes) => Buffer.concat([gzipSync(bytes), Buffer.from('behind it')]),
    (bytes) => Buffer.concat([gzipSync(bytes), gzipSync(bytes)]),
    (bytes) => gzipSync(gzipSync(bytes)),
    (bytes) => {
      const packed = gzipSync(bytes);
      packed[Math.floor((packed.length - 1) * share)]! ^= 0x55;
      return packed;
    },
    () => gzipSync(Buffer.alloc(8 * HUGE)),
  ),
);

/** Ends of a `Content-Type` that name another encoding, or nothing that can be read. */
export const TYPE_ENDINGS = [
  '; charset=utf-16',
  '; charset=latin1',
  '; charset=',
  ';',
  '; boundary=x',
  ', text/plain',
];

/** Headers that may come twice, with values that differ. */
export const DOUBLED_HEADERS: Readonly<Record<string, string[]>> = {
  'X-Machine-Id': ['gpu-1', 'gpu-2'],
  'Idempotency-Key': ['a', 'b'],
  'Content-Type': ['application/json', 'text/plain'],
  'Content-Encoding': ['gzip', 'identity'],
  'Last-Event-ID': ['1', '2'],
  'If-None-Match': ['"a"', '*'],
  Range: ['bytes=0-1', 'bytes=5-'],
  Accept: ['text/html', 'application/json'],
  'Accept-Encoding': ['gzip', 'gzip;q=0'],
  'X-Forwarded-For': ['10.0.0.1', 'x'],
};

function numbered(write: (index: number) => string): string {
  return Array.from({ length: WIDE }, (_, index) => write(index)).join(',');
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
