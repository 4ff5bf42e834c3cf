import t from 'tap';
import { rawMember, visitRawMembers } from '../../../pipeline/record/raw-json.ts';

function members(text: string): [string, string][] {
  const found: [string, string][] = [];
  visitRawMembers(text, (key, value) => found.push([key, value]));
  return found;
}

t.test('gives each value as it stands in the text', async (t) => {
  for (const [text, expected] of [
    ['{}', []],
    [' { } ', []],
    [
      '{"a":1.0,"b":1e3,"c":12345678901234567890,"d":-0}',
      [
        ['a', '1.0'],
        ['b', '1e3'],
        ['c', '12345678901234567890'],
        ['d', '-0'],
      ],
    ],
    [
      '{ "a" : "x" , "b" : [ 1 , "]" , {"c":"}"} ] }',
      [
        ['a', '"x"'],
        ['b', '[ 1 , "]" , {"c":"}"} ]'],
      ],
    ],
    [
      '{"a":"\\"","b":"\\\\","c":"\\\\\\"","d":null}',
      [
        ['a', '"\\""'],
        ['b', '"\\\\"'],
        ['c', '"\\\\\\""'],
        ['d', 'null'],
      ],
    ],
    [
      '{"\\u0061\\n":true,"":false}',
      [
        ['a\n', 'true'],
        ['', 'false'],
      ],
    ],
    [
      '{"a":1,"a":2,"__proto__":{"x":1}}',
      [
        ['a', '1'],
        ['a', '2'],
        ['__proto__', '{"x":1}'],
      ],
    ],
    ['{\n\t"a":\r\n{}\n}', [['a', '{}']]],
  ] as const) {
    t.same(members(text), expected, text);
  }
  t.equal(rawMember('{"a":1,"b":2,"a":3.0}', 'a'), '3.0', 'of a repeated key the last');
  t.equal(rawMember('{"a":1}', 'b'), undefined);
});

t.test('agrees with JSON.parse on random objects', async (t) => {
  let seed = 7;
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  const strings = ['', 'a', '"', '\\', '\\"', '{', '}]', ',', ':', '\u2028', '\ud800', 'naïve 😀', '\n\t'];
  const value = (depth: number): unknown => {
    const kind = random(depth > 2 ? 5 : 7);
    if (kind === 0) return random(1000) / 8;
    if (kind === 1) return null;
    if (kind === 2) return random(2) === 0;
    if (kind < 5) return strings[random(strings.length)];
    if (kind === 5) return Array.from({ length: random(4) }, () => value(depth + 1));
    return Object.fromEntries(
      Array.from({ length: random(4) }, () => [strings[random(strings.length)], value(depth + 1)]),
    );
  };
  for (let i = 0; i < 500; i++) {
    const object = Object.fromEntries(
      Array.from({ length: random(6) }, (_, k) => [`${strings[random(strings.length)]}${k}`, value(0)]),
    );
    const text = JSON.stringify(object, null, random(3));
    t.same(Object.fromEntries(members(text).map(([key, raw]) => [key, JSON.parse(raw)])), object);
  }
});
