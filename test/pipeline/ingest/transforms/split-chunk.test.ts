import t from 'tap';
import { splitChunk } from '../../../../pipeline/ingest/transforms/split-chunk.ts';

const chunk = (message: unknown) => JSON.stringify({ message, n: 1, process_id: 3, app_name: 'a' });

t.test('a chunk of PM2 has a record for each event', async (t) => {
  for (const [message, messages] of [
    ['a\nb\n', ['a', 'b']],
    ['{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
    ['a\n\n\nb', ['a', 'b']],
    ['Error: x\n    at y (z.js:1:2)\nnext', ['Error: x\n    at y (z.js:1:2)', 'next']],
  ] as const) {
    const records = messages.map((one) => chunk(one));
    t.same(splitChunk(chunk(message)), records, message);
    const shipped = (log: string) => JSON.stringify({ timestamp: 't', log });
    t.same(splitChunk(shipped(chunk(message))), records.map(shipped), `${message} in a shipper's record`);
  }
});

t.test('other records stay whole', async (t) => {
  for (const text of [
    chunk('a\n'),
    chunk(['a\nb']),
    chunk('Error: x\n    at y (z.js:1:2)\n    at v (w.js:3:4)'),
    JSON.stringify({ message: 'a\nb', app_name: 'a' }),
    JSON.stringify({ message: 'a\nb', note: 'app_name process_id' }),
    JSON.stringify({ log: 'app_name\nprocess_id' }),
    '{"app_name":"a","process_id":1,"message":"a\\nb"',
    'app_name \\n',
  ]) {
    t.equal(splitChunk(text), undefined, text);
  }
});

t.test('everything else is as it was written', async (t) => {
  t.same(splitChunk('{"app_name":"a","message":"x\\ny","process_id":1.0,"n":12345678901234567890}'), [
    '{"app_name":"a","message":"x","process_id":1.0,"n":12345678901234567890}',
    '{"app_name":"a","message":"y","process_id":1.0,"n":12345678901234567890}',
  ]);
});
