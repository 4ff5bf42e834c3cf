import t from 'tap';
import { RowHeights } from '../../../../control-plane/ui/parts/row-heights.ts';

t.test('rows of known and unknown heights', async (t) => {
  const heights = new RowHeights();
  heights.update([{ height: 0 }, { height: 50 }, { height: 0 }], 20);
  t.equal(heights.total, 90);
  t.same(
    [0, 1, 2, 3, 9].map((index) => heights.offset(index)),
    [0, 20, 70, 90, 90],
  );
  t.same(
    [0, 19, 20, 69, 70, 89, 500].map((top) => heights.indexAt(top)),
    [0, 0, 1, 1, 2, 2, 2],
  );
  heights.update([], 20);
  t.equal(heights.total, 0);
  t.equal(heights.indexAt(10), 0);
});
