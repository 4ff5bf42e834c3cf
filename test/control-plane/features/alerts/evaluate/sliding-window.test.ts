import t from 'tap';
import {
  itemBudget,
  SlidingWindow,
  totalOf,
} from '../../../../../control-plane/features/alerts/evaluate/sliding-window.ts';

t.test('invented values take no more memory than a rule may, and are counted all the same', async (t) => {
  const budget = itemBudget();
  const windows = Array.from({ length: 100 }, () => new SlidingWindow(1, budget));
  for (const [index, window] of windows.entries())
    for (let item = 0; item < 5_000; item++) window.add(item % 10, `invented ${index} ${item}`, 1);
  const counted = windows.map((window) => window.within(-1, 9));
  t.equal(
    counted.reduce((sum, items) => sum + totalOf(items), 0),
    500_000,
  );
  const kept = counted.reduce((sum, items) => sum + items.size, 0);
  t.ok(kept <= 201_000, `${kept} values are kept apart`);
  for (const window of windows) window.dropUpTo(Number.POSITIVE_INFINITY);
  t.equal(budget.left, itemBudget().left, 'what leaves the window makes room');
});
