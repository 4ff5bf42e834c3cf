import t from 'tap';
import { parseEntry, splitJsonBody } from '../../../pipeline/sources/json-body.ts';

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

t.test('what is no object is told with its reason', async (t) => {
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
