import t from 'tap';
import { isUnportable, readJson, toPortableJson } from '../../../pipeline/record/portable-json.ts';

t.test('numbers that JSON does not have are strings', async (t) => {
  for (const [text, expected] of [
    ['{"loss":NaN,"step":7}', '{"loss":"NaN","step":7}'],
    ['{"a":[NaN, Infinity,-Infinity]}', '{"a":["NaN", "Infinity","-Infinity"]}'],
    [
      '{"a":-nan,"b":inf,"c":-inf,"d":+Infinity}',
      '{"a":"NaN","b":"Infinity","c":"-Infinity","d":"Infinity"}',
    ],
    [
      '{"a":{"b":{"c":NaN}},"s":"is NaN: NaN, \\"NaN,\\" Infinity"}',
      '{"a":{"b":{"c":"NaN"}},"s":"is NaN: NaN, \\"NaN,\\" Infinity"}',
    ],
    ['[NaN]', '["NaN"]'],
    ['{"NaN":1,"a":NaN}', '{"NaN":1,"a":"NaN"}'],
  ] as const) {
    t.equal(readJson(text).text, expected, text);
    t.same(readJson(text).value, JSON.parse(expected), text);
  }
  for (const text of ['{"a":"NaN"}', '{"a":1}']) t.equal(readJson(text).text, text, `${text} is as it was`);
  for (const text of [
    'NaN',
    '{"a":NaNs}',
    '{"a":xNaN}',
    '{"a":NaN',
    '{NaN:1',
    '{"a":NaN NaN}',
    'loss NaN {',
    '{"a":"NaN',
  ]) {
    t.throws(() => readJson(text), SyntaxError, text);
  }
});

t.test('values for which readers refuse the whole text', async (t) => {
  const digits = '9'.repeat(100);
  for (const [json, expected] of [
    ['{"x":1e400,"y":-1e400}', '{"x":"1e400","y":"-1e400"}'],
    [`{"x":[{"y":${'9'.repeat(400)}}]}`, `{"x":[{"y":"${'9'.repeat(400)}"}]}`],
    ['{"x":"\\ud800","y":"\\udc00a","\\uD83D":1}', '{"x":"\ufffd","y":"\ufffda","\ufffd":1}'],
    ['{"x":"1e400 \\ud800","y":1e400,"z":"1e400"}', '{"x":"1e400 \ufffd","y":"1e400","z":"1e400"}'],
  ] as const) {
    t.ok(isUnportable(JSON.parse(json)), json);
    t.equal(toPortableJson(json), expected, json);
    t.notOk(isUnportable(JSON.parse(expected)), expected);
  }
  for (const json of [
    `{"x":${digits}}`,
    '{"x":1e308,"y":1e-400,"z":-0}',
    '{"x":"\\ud83d\\ude00","y":"\\\\ud800"}',
  ]) {
    t.notOk(isUnportable(JSON.parse(json)), json);
    t.equal(toPortableJson(json), json, json);
  }
});
