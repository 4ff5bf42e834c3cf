import t from 'tap';
import { decodeRequest, encodeRequest, idempotencyKey } from '../../../pipeline/store/request-progress.ts';

const request = { agent: 'a', digest: 'x', entries: 3, accepted: 2, rejected: 1, complete: true };

t.test('progress survives its row, whatever the agent is called', async (t) => {
  for (const agent of ['a', 'a"\\\u0000\n,é', '"]', '\ud800']) {
    for (const complete of [true, false]) {
      const odd = { ...request, agent, complete };
      t.same(decodeRequest(encodeRequest(odd)), odd);
    }
  }
});

t.test('rows of an earlier release do not say whether a request is complete', async (t) => {
  t.same(decodeRequest('["a","x",3,2,1]'), { ...request, complete: false });
});

t.test('the key is what stands up to the last quotation mark', async (t) => {
  const odd = { ...request, agent: 'a","b"' };
  const text = encodeRequest(odd);
  t.equal(idempotencyKey(odd.agent, odd.digest), text.slice(0, text.lastIndexOf('"') + 1));
  t.not(idempotencyKey('a', 'b,c'), idempotencyKey('a,b', 'c'));
});
