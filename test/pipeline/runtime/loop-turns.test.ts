import t from 'tap';
import { PacedTexts } from '../../../pipeline/ingest/paced-texts.ts';
import type { SourceText } from '../../../pipeline/ingest/sources/record-limits.ts';
import { isTurnOver, nextTurn, pause, turnsEnded } from '../../../pipeline/runtime/loop-turns.ts';

/** Computes until the turn is over. */
function useUp(): void {
  while (!isTurnOver());
}

t.test('several that compute for long take turns, with the loop free between them', async (t) => {
  const order: string[] = [];
  let rounds = 0;
  let isDone = false;
  const count = () => {
    rounds++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const work = async (name: string) => {
    for (let turn = 0; turn < 5; turn++) {
      useUp();
      await nextTurn();
      order.push(name);
    }
  };
  await Promise.all([work('a'), work('b')]);
  isDone = true;
  t.equal(order.join(''), 'ababababab');
  t.ok(rounds >= 10, `${rounds} rounds of the loop`);
});

t.test('a request whose sender has left ends at its next turn', async (t) => {
  const left = new AbortController();
  let made = 0;
  function* endless(): Generator<SourceText> {
    for (;;) yield made++ % 2 === 0 ? undefined : `{"n":${made}}`;
  }
  const texts = new PacedTexts(endless(), left.signal);
  const reading = (async () => {
    while ((await texts.next()) !== undefined);
  })();
  setImmediate(() => left.abort());
  await t.rejects(reading, { kind: 'bad_request', message: /the sender left/ });
  const before = made;
  await new Promise(setImmediate);
  t.equal(made, before, 'nothing is read any more');
});

t.test('short texts do not wait, long ones and steps without a text do', async (t) => {
  const before = turnsEnded();
  const texts = new PacedTexts(['{}', '{}', undefined, '{}', `"${'x'.repeat(100_000)}"`, '{}'], undefined);
  t.equal(texts.nextNow(), '{}');
  t.equal(texts.nextNow(), '{}');
  t.equal(texts.nextNow(), undefined);
  t.equal(texts.nextNow(), undefined, 'only a look at the clock leads on');
  useUp();
  t.equal(await texts.next(), '{}');
  t.equal(turnsEnded(), before + 1);
  t.equal(texts.nextNow()?.toString().length, 100_002);
  t.equal(texts.nextNow(), undefined);
  t.equal(await texts.next(), '{}');
  t.equal(await texts.next(), undefined);
  await pause(undefined);
});
