import t from 'tap';
import { parseEntry, splitJsonBody } from '../../../../pipeline/ingest/sources/json-body.ts';
import {
  exceededLimit,
  MAX_RECORD_BYTES,
  MAX_RECORD_DEPTH,
  MAX_RECORD_FIELDS,
} from '../../../../pipeline/ingest/sources/record-limits.ts';
import type { SourceEntry } from '../../../../pipeline/ingest/sources/source-entry.ts';

const split = (body: string | Buffer) => [...splitJsonBody(Buffer.from(body))];

t.test('bodies are cut into the texts of their records', async (t) => {
  const cases: [name: string, body: string, texts: string[]][] = [
    ['nothing', '', []],
    ['blank lines alone', '\n \r\n\t\n', []],
    ['one object', '{"a":1}', ['{"a":1}']],
    ['lines', '{"a":1}\n{"a":2}\n', ['{"a":1}', '{"a":2}']],
    ['lines with CRLF and a last one without a break', '{"a":1}\r\n{"a":2}', ['{"a":1}', '{"a":2}']],
    ['a byte order mark', '\ufeff{"a":1}\n', ['{"a":1}']],
    ['a broken line among good ones', '{"a":1}\n{oops\n{"a":3}', ['{"a":1}', '{oops', '{"a":3}']],
    ['a broken first line', '{oops\n{"a":2}', ['{oops', '{"a":2}']],
    ['one object over several lines', '{\n  "a": 1\n}\n', ['{\n  "a": 1\n}']],
    ['an array', '[{"a":1}, {"a":[2,{"b":"]"}]} ]', ['{"a":1}', '{"a":[2,{"b":"]"}]}']],
    ['an empty array', '[ ]', []],
    ['an array of other values', '[1,"x,]",null]', ['1', '"x,]"', 'null']],
    ['an array with quotes and backslashes', '["a\\"]\\\\",{"b":"\\\\"}]', ['"a\\"]\\\\"', '{"b":"\\\\"}']],
    ['an array that breaks off', '[{"a":1},{"a":', ['{"a":1}', '{"a":']],
    ['text behind an array', '[{"a":1}] tail', ['{"a":1}', 'tail']],
    [
      'objects without a separator',
      '{"a":1}{"a":{"b":[2]}}{"a":"}{"}',
      ['{"a":1}', '{"a":{"b":[2]}}', '{"a":"}{"}'],
    ],
    ['objects with blanks between them', '{"a":1} {"a":2}\t{"a":3}\r\n', ['{"a":1}', '{"a":2}', '{"a":3}']],
    ['a joint inside of a string', '{"a":"} {"}\n{"a":"x"}', ['{"a":"} {"}', '{"a":"x"}']],
    [
      'joined objects in several lines',
      '{"a":1}{"a":2}\n{"a":3}{"a":4}',
      ['{"a":1}', '{"a":2}', '{"a":3}', '{"a":4}'],
    ],
    ['joined objects, the last one broken', '{"a":1}{"a":2}{"a":', ['{"a":1}', '{"a":2}', '{"a":']],
    [
      'joined objects, then a broken line',
      '{"a":1}{"a":2}\n{"a":"x\n{"a":3}',
      ['{"a":1}', '{"a":2}', '{"a":"x', '{"a":3}'],
    ],
    ['text behind joined objects', '{"a":1}{"a":2}oops\n{"a":3}', ['{"a":1}', '{"a":2}', 'oops', '{"a":3}']],
    ['no JSON at all', 'hello\nworld', ['hello', 'world']],
  ];
  for (const [name, body, texts] of cases) t.same(split(body), texts, name);
});

t.test('numbers stay as they were sent', async (t) => {
  t.same(split('[{"n":12345678901234567890}]'), ['{"n":12345678901234567890}']);
});

t.test('invalid UTF-8 becomes replacement characters and costs no line', async (t) => {
  const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}\n{"a":2}')]);
  t.same(split(body), ['{"a":"\ufffd\ufffd"}', '{"a":2}']);
});

t.test('millions of tiny elements are cut lazily', async (t) => {
  const texts = splitJsonBody(Buffer.from(`[${'{},'.repeat(1_000_000)}{}]`));
  t.equal(texts.next().value, '{}');
  t.equal(texts.next().value, '{}');
});

t.test('a text that is no object comes with the reason', async (t) => {
  const cases: [text: string, reason: RegExp][] = [
    ['{oops', /^not valid JSON: /],
    ['5', /expected a JSON object, got number/],
    ['null', /expected a JSON object, got null/],
    ['"x"', /expected a JSON object, got string/],
    ['[1]', /expected a JSON object, got an array/],
  ];
  for (const [text, reason] of cases) t.match(parseEntry(text), { reason }, text);
  t.same(parseEntry('{"a":1}'), { fields: { a: 1 }, text: '{"a":1}' });
});

t.test('a line that is an array costs those behind it nothing', async (t) => {
  const body = '[1, 2]\n{"message":"a"}\r\n\n{"message":"b"}\n';
  t.same([...splitJsonBody(Buffer.from(body))], ['1', '2', '{"message":"a"}', '{"message":"b"}']);
});

/** The texts, and how many steps between them led to none. */
function splitWithSteps(body: Buffer) {
  let steps = 0;
  const texts = [];
  for (const text of splitJsonBody(body)) {
    if (text === undefined) steps++;
    else texts.push(text);
  }
  return { texts, steps };
}

const MEGABYTE = 1024 * 1024;

t.test('a long way without a record is gone in steps', async (t) => {
  const blanks = ' '.repeat(4 * MEGABYTE);
  const cases: [name: string, body: string, texts: number][] = [
    ['line breaks', '\n'.repeat(4 * MEGABYTE), 0],
    ['blanks before a line', `${blanks}{"a":1}`, 1],
    ['blanks behind a line', `{"a":1}${blanks}\n`, 1],
    ['blanks in an array', `[${blanks}{"a":1}${blanks},${blanks}]${blanks}`, 1],
    ['empty elements', `[${','.repeat(4 * MEGABYTE)}]`, 0],
    ['one pretty object', `{\n${'"a":\n1,'.repeat(MEGABYTE / 2)}"b":2}\n`, 4],
    ['a string without an end', `{\n"${'x'.repeat(4 * MEGABYTE)}`, 6],
    ['an element without an end', `["${'x'.repeat(4 * MEGABYTE)}`, 5],
    ['opening brackets', `{\n"a":${'['.repeat(4 * MEGABYTE)}`, 6],
  ];
  for (const [name, body, count] of cases) {
    const { texts, steps } = splitWithSteps(Buffer.from(body));
    t.equal(texts.length, count, name);
    t.ok(steps > 25, `${name}: ${steps} steps`);
  }
});

t.test('a record that is too long comes in pieces that lack nothing', async (t) => {
  const record = JSON.stringify({ message: 'пример, '.repeat(MEGABYTE / 2), end: 1 });
  for (const body of [`{"a":1}\n${record}\n{"a":2}`, `[{"a":1},${record} ,{"a":2}]`]) {
    const { texts } = splitWithSteps(Buffer.from(body));
    t.equal(texts[0], '{"a":1}');
    t.equal(texts.at(-1), '{"a":2}');
    const pieces = texts.slice(1, -1) as { text: string; limit: string; piece: object }[];
    t.ok(pieces.map(({ text }) => text).join('') === record);
    for (const [index, { text, limit, piece }] of pieces.entries()) {
      t.ok(Buffer.byteLength(text) <= MAX_RECORD_BYTES);
      t.same(
        { limit, piece },
        { limit: 'bytes', piece: { part: index + 1, bytes: Buffer.byteLength(record) } },
      );
    }
  }
});

t.test('no piece ends within a character, a private key or a value', async (t) => {
  const key = `-----BEGIN RSA PRIVATE KEY-----\\n${'A'.repeat(6_000)}\\n-----END RSA PRIVATE KEY-----`;
  for (let shift = 0; shift < 4; shift++) {
    const filler = `{"a":"${'x'.repeat(shift)}${'é'.repeat(MAX_RECORD_BYTES)}"}`;
    t.notOk(JSON.stringify(splitWithSteps(Buffer.from(filler)).texts).includes('\ufffd'));
  }
  for (let before = 1; before < 2_500; before += 497) {
    const filler = 'words '.repeat(MAX_RECORD_BYTES / 6 - before);
    const { texts } = splitWithSteps(Buffer.from(`{"a":"${filler}","key":"${key}","b":"${filler}"}`));
    const pieces = texts as { text: string }[];
    t.equal(pieces.filter(({ text }) => text.includes('-----BEGIN') && text.includes('-----END')).length, 1);
  }
  const passwords = Array.from({ length: 60_000 }, (_, n) => `"password":"hunter${n}"`).join(',');
  const { texts } = splitWithSteps(Buffer.from(`{${passwords}}`));
  for (const { text } of texts as { text: string }[]) {
    t.ok(/^\{?"password":"hunter\d+",/.test(text));
  }
});

t.test('what is no object and too long becomes dead letters', async (t) => {
  for (const body of ['x'.repeat(3 * MEGABYTE), `{"a":1}\n[${'1,'.repeat(2 * MEGABYTE)}1]`]) {
    const { texts } = splitWithSteps(Buffer.from(body));
    t.match(texts.at(-1), { reason: /not a JSON object, and longer than/ });
  }
});

t.test('of a pretty object only the whole is one, also where it is long', async (t) => {
  const long = '  "x": 1,\n'.repeat(MEGABYTE / 4);
  const kinds: [name: string, body: string, first: unknown][] = [
    ['an object', `{\n${long}  "b": [\n    {"c": "}"}\n  ]\n}\n`, { limit: 'bytes' }],
    ['a broken first line before records', `{"a":{\n${'{"b":1}\n'.repeat(MEGABYTE / 4)}}`, '{"a":{'],
    ['one that ends in a comma', `{"a":1,\n${'{"b":1}\n'.repeat(MEGABYTE / 4)}}`, '{"a":1,'],
    ['a string that does not end', `{"a":"x\n${'{"b":1}\n'.repeat(MEGABYTE / 4)}`, '{"a":"x'],
    ['brackets of two kinds', `{"a":[\n${'{"b":1},\n'.repeat(MEGABYTE / 4)}}`, '{"a":['],
    ['objects one behind the other', `{"a":1}\n${'{"b":1}\n'.repeat(MEGABYTE / 4)}`, '{"a":1}'],
  ];
  for (const [name, body, first] of kinds) t.match(splitWithSteps(Buffer.from(body)).texts[0], first, name);
});

t.test('deep and wide records are recognized before they are parsed, and kept as text', async (t) => {
  const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
  const members = (count: number) => Array.from({ length: count }, (_, n) => `"f${n}":${n}`).join(',');
  const cases: [name: string, text: string, limit: string | undefined][] = [
    ['lists', `{"a":${nested('[', ']', MAX_RECORD_DEPTH)}}`, 'depth'],
    ['lists that may be', `{"a":${nested('[', ']', MAX_RECORD_DEPTH - 1)}}`, undefined],
    ['objects', `${'{"a":'.repeat(MAX_RECORD_DEPTH + 1)}1${'}'.repeat(MAX_RECORD_DEPTH + 1)}`, 'depth'],
    [
      'both alternately',
      `${'{"a":['.repeat(MAX_RECORD_DEPTH / 2 + 1)}${']}'.repeat(MAX_RECORD_DEPTH / 2 + 1)}`,
      'depth',
    ],
    ['half a million levels', `{"a":${'['.repeat(500_000)}`, 'depth'],
    ['brackets in strings', `{"a":"${'[{'.repeat(1_000)}\\"${'[{'.repeat(1_000)}"}`, undefined],
    ['brackets side by side', `{"a":[${'{},'.repeat(1_000)}[]]}`, undefined],
    ['fields', `{${members(MAX_RECORD_FIELDS + 1)}}`, 'fields'],
    ['as many fields as may be', `{${members(MAX_RECORD_FIELDS)}}`, undefined],
    ['fields of many objects', `{"a":[${'{"b":1,"c":2},'.repeat(MAX_RECORD_FIELDS / 2)}0]}`, 'fields'],
    ['colons in strings', `{"a":"${':'.repeat(MAX_RECORD_FIELDS * 2)}"}`, undefined],
  ];
  for (const [name, text, limit] of cases) {
    t.equal(exceededLimit(text), limit, name);
    const entry = parseEntry(text);
    if (!limit) t.notOk('exceeded' in entry, name);
    else {
      const { fields, exceeded } = entry as SourceEntry;
      t.same([fields.too_large, exceeded, fields.message === text], [limit, limit, true], name);
    }
  }
  const line = `{"a":${'['.repeat(1_000)}${']'.repeat(1_000)}}`;
  const shipped = parseEntry(JSON.stringify({ log: line, machine_id: 'm' }));
  t.match(shipped, { fields: { log: line, machine_id: 'm', too_large: 'depth' }, exceeded: 'depth' });
  t.same(JSON.parse((shipped as { text: string }).text), { log: line, machine_id: 'm', too_large: 'depth' });
});
