import t from 'tap';
import { collectAttributes } from '../../../../pipeline/ingest/transforms/collect-attributes.ts';

const names = (...pairs: (string | [string, string])[]) =>
  new Map(pairs.map((pair) => (typeof pair === 'string' ? [pair, pair] : pair)));

const CASES: readonly [what: string, text: string, names: Map<string, string>, attributes: string][] = [
  ['none', '{"a":1}', names(), '{}'],
  [
    'a number as it stands',
    '{"a":1.0,"b":1e3,"c":12345678901234567890}',
    names('a', 'b', 'c'),
    '{"a":1.0,"b":1e3,"c":12345678901234567890}',
  ],
  ['the last member', '{"x":"y","a":-0.5}', names('a'), '{"a":-0.5}'],
  ['words', '{"a":true,"b":false,"c":null}', names('c', 'a'), '{"c":null,"a":true}'],
  ['blanks around', '{ "a" : 1 , "b": "two words" ,"c":  3\t}', names('b', 'c'), '{"b":"two words","c":3}'],
  ['another name', '{"id":7,"x":1}', names(['id', 'id_']), '{"id_":7}'],
  [
    'a comma, a brace and a colon in a text',
    '{"a":"x, y} : [z","b":2}',
    names('a', 'b'),
    '{"a":"x, y} : [z","b":2}',
  ],
  ['a key that ends another', '{"my_a":1,"a":2,"_a":3}', names('a'), '{"a":2}'],
  ['a text that is the key', '{"x":"a","a":1}', names('a'), '{"a":1}'],
  ['a repeated key', '{"a":1,"b":2,"a":3}', names('a', 'b'), '{"a":3,"b":2}'],
  ['a repeated key, blanks before the colon', '{"a":1,"a" :2}', names('a'), '{"a":2}'],
  ['the same key inside', '{"o":{"a":1},"a":2}', names('a', 'o'), '{"o":{"a":1},"a":2}'],
  ['the same key inside, last', '{"a":2,"o":{"a":1}}', names('a'), '{"a":2}'],
  [
    'line breaks within a value',
    '{\n  "o": {\r\n    "a": [1,\n 2],\n    "s": "x\\ny  z"\n  },\n  "b": 2\n}',
    names('o', 'b'),
    String.raw`{"o":{"a": [1,2],"s": "x\ny  z"},"b":2}`,
  ],
  ['the same key in a list', '{"a":2,"o": [ {"a":1}]}', names('a'), '{"a":2}'],
  ['escapes', String.raw`{"s":"say \"a\":9","a":1}`, names('a', 's'), String.raw`{"s":"say \"a\":9","a":1}`],
  ['an escaped key', String.raw`{"\u0061":1,"b":2}`, names('a', 'b'), '{"a":1,"b":2}'],
  ['an empty key and an empty text', '{"":"","a":""}', names('', 'a'), '{"":"","a":""}'],
];

for (const [what, text, wanted, attributes] of CASES) {
  t.test(what, async (t) => {
    JSON.parse(text);
    t.equal(`{${collectAttributes(text, wanted)}}`, attributes);
  });
}

t.test('looking members up gives what reading all of them gives', async (t) => {
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % below;
  };
  const keys = ['a', 'b', 'ab', 'a b', 'é', '_a', 'message'];
  const values = ['1', '1.50', '-2e9', 'true', 'null', '""', '"a"', '"b, a: 1}"', '"é 日本"', '"[x] {y}"'];
  for (let round = 0; round < 2_000; round++) {
    const blank = () => ['', '', '', ' '][random(4)]!;
    const members = Array.from(
      { length: 1 + random(6) },
      () => `"${keys[random(keys.length)]}"${blank()}:${blank()}${values[random(values.length)]}${blank()}`,
    );
    const text = `{${members.join(',')}}`;
    const wanted = names(...Object.keys(JSON.parse(text)).filter(() => random(3) > 0));
    // A member that nobody asks for makes the text one that has to be read member by member.
    const nested = `{"nested":{},${text.slice(1)}`;
    const plain = `{${collectAttributes(text, wanted)}}`;
    t.same(JSON.parse(plain), JSON.parse(`{${collectAttributes(nested, wanted)}}`), text);
    if (t.counts.fail > 0) break;
  }
});
