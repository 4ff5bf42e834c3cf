import t from 'tap';
import { DoubtfulRequests } from '../../pipeline/doubtful-requests.ts';

const DONE = { entries: 3, accepted: 2, rejected: 1 };

function createScene() {
  const looked: string[] = [];
  const requests = new DoubtfulRequests(async (agent, digest, since) => {
    looked.push(`${agent} ${digest}`);
    return since < Date.now() ? DONE : undefined;
  });
  return { requests, looked };
}

t.test('only a request whose insert failed is looked for in the store', async (t) => {
  const { requests, looked } = createScene();
  t.equal(await requests.claim('m', 'x'), undefined);
  t.same(looked, []);
  await requests.giveUp('m', 'x');
  t.same(await requests.claim('m', 'x'), DONE);
  t.equal(await requests.claim('other', 'x'), undefined);
  t.same(looked, ['m x']);
});

t.test('one that was stored in the end is in no doubt any more', async (t) => {
  const { requests, looked } = createScene();
  await requests.giveUp('m', 'x');
  await requests.record({ agent: 'm', digest: 'x', ...DONE });
  t.equal(await requests.claim('m', 'x'), undefined);
  t.same(looked, []);
});

t.test('the oldest doubts are forgotten beyond 10,000', async (t) => {
  const { requests } = createScene();
  for (let n = 0; n <= 10_000; n++) await requests.giveUp('m', String(n));
  t.equal(await requests.claim('m', '0'), undefined);
  t.same(await requests.claim('m', '1'), DONE);
});
