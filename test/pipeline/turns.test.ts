import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { Turns } from '../../pipeline/turns.ts';

t.test('whoever waits longest has its turn first, and others come between two turns', async (t) => {
  const turns = new Turns();
  const seen: string[] = [];
  const work = async (name: string) => {
    for (let piece = 1; piece <= 2; piece++) {
      await turns.next();
      seen.push(`${name}${piece}`);
    }
  };
  const all = Promise.all([work('a'), work('b'), work('c')]);
  for (let round = 0; round < 6; round++) {
    await setImmediate();
    seen.push('-');
  }
  await all;
  t.equal(seen.filter((name) => name !== '-').join(' '), 'a1 b1 c1 a2 b2 c2');
  t.notMatch(seen.join(''), /\d[abc]/, 'one turn in each round of the event loop');
});

t.test('turns end and begin again', async (t) => {
  const turns = new Turns();
  await turns.next();
  await turns.next();
  t.pass('no turn is lost');
});
