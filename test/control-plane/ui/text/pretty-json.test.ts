import t from 'tap';
import { prettyJson } from '../../../../control-plane/ui/text/pretty-json.ts';

t.test('JSON in lines', async (t) => {
  const value = { text: 'a "b\\" {[,:]} é\n', list: [1, -2.5, null, true, [], {}, { deep: ['x'] }], '': 0 };
  t.equal(prettyJson(JSON.stringify(value)), JSON.stringify(value, null, 2));
  t.equal(prettyJson(JSON.stringify(value, null, '\t')), JSON.stringify(value, null, 2));
  t.equal(prettyJson('got {"a": [ ], "b": { }} '), 'got\n{\n  "a": [],\n  "b": {}\n}');
  t.equal(prettyJson('{"a":"\\u00e9\\/"}'), '{\n  "a": "é/"\n}');
});

t.test('with every digit of its numbers', async (t) => {
  t.equal(
    prettyJson('{"ns":1764455177123456789,"loss":1.0,"lr":1e-5}'),
    '{\n  "ns": 1764455177123456789,\n  "loss": 1.0,\n  "lr": 1e-5\n}',
  );
});

t.test('what is no JSON stays as it is', async (t) => {
  for (const text of ['text', '{}', '[INFO] done', '{"a":}', '{"a":1} end'])
    t.equal(prettyJson(text), undefined);
});
