import t from 'tap';
import {
  type BusMessage,
  decodeMessage,
  encodeMessage,
} from '../../../../pipeline/store/live/bus-message.ts';

t.test('a message has the names of version 0.1.0 in Redis, so that its servers can read it', async (t) => {
  const message: BusMessage = {
    process: 'a',
    number: 3,
    kind: 'progress',
    committed: 100,
    readers: true,
    stored: 0,
    records: [],
  };
  const text = encodeMessage(message);
  t.match(JSON.parse(text), { kind: 'told', settled: 100, process: 'a', number: 3 });
  t.strictSame(decodeMessage(text), message);
  t.equal(decodeMessage(encodeMessage({ ...message, kind: 'bye' })).kind, 'bye');
});
