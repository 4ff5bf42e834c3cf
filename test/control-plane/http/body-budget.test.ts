import t from 'tap';
import { BodyBudget } from '../../../control-plane/http/body-budget.ts';

function refusalOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

t.test('what does not fit is refused with a time to come again, and nothing is held for it', async (t) => {
  const budget = new BodyBudget(100);
  const first = budget.reserve(60);
  t.match(
    refusalOf(() => budget.reserve(41)),
    { kind: 'unavailable', retryAfterSeconds: 1 },
  );
  t.equal(budget.held, 60);
  const second = budget.reserve(40);
  t.match(
    refusalOf(() => second.grow(1)),
    { kind: 'unavailable' },
  );
  first.release();
  second.grow(60);
  second.release();
  t.equal(budget.held, 0);
});

t.test('releasing twice gives back once', async (t) => {
  const budget = new BodyBudget(100);
  const held = budget.reserve(10);
  held.release();
  held.release();
  t.equal(budget.held, 0);
});

t.test('what is not needed any more is given back, never more than was held', async (t) => {
  const budget = new BodyBudget(100);
  const held = budget.reserve(60);
  held.shrink(50);
  t.equal(budget.held, 10);
  held.shrink(50);
  t.equal(budget.held, 0);
  held.release();
  t.equal(budget.held, 0);
});
