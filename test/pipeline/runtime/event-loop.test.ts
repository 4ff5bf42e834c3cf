import t from 'tap';
import { PacedTexts } from '../../../pipeline/ingest/paced-texts.ts';
import type { SourceText } from '../../../pipeline/ingest/sources/record-limits.ts';
import {
  isTimeSliceOver,
  yieldCount,
  yieldToEventLoop,
  yieldWhenDue,
} from '../../../pipeline/runtime/event-loop.ts';

/** Computes until the time slice is over. */
function useUp(): void {
  while (!isTimeSliceOver());
}

t.test('long computations share the event loop in time slices, and it is free between them', async (t) => {
  const order: string[] = [];
  let rounds = 0;
  let isDone = false;
  const count = () => {
    rounds++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const work = async (name: string) => {
    for (let slice = 0; slice < 5; slice++) {
      useUp();
      await yieldToEventLoop();
      order.push(name);
    }
  };
  await Promise.all([work('a'), work('b')]);
  isDone = true;
  t.equal(order.join(''), 'ababababab');
  t.ok(rounds >= 10, `${rounds} rounds of the loop`);
});

t.test('a request whose sender has left ends when its next time slice begins', async (t) => {
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
  await t.rejects(reading, { kind: 'bad_request', message: /the client disconnected/ });
  const before = made;
  await new Promise(setImmediate);
  t.equal(made, before, 'nothing is read any more');
});

t.test('short texts do not wait, long ones and steps without a text do', async (t) => {
  const before = yieldCount();
  const texts = new PacedTexts(['{}', '{}', undefined, '{}', `"${'x'.repeat(100_000)}"`, '{}'], undefined);
  t.equal(texts.nextNow(), '{}');
  t.equal(texts.nextNow(), '{}');
  t.equal(texts.nextNow(), undefined);
  t.equal(texts.nextNow(), undefined, 'only a look at the clock leads on');
  useUp();
  t.equal(await texts.next(), '{}');
  t.equal(yieldCount(), before + 1);
  t.equal(texts.nextNow()?.toString().length, 100_002);
  t.equal(texts.nextNow(), undefined);
  t.equal(await texts.next(), '{}');
  t.equal(await texts.next(), undefined);
  await yieldWhenDue(undefined);
});
