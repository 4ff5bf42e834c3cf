import t from 'tap';
import { FreeNames } from '../../../pipeline/record/free-names.ts';

t.test('a name gets underscores, and a number where these are taken as well', async (t) => {
  const taken = new Set(['a', 'a__']);
  const names = new FreeNames();
  const take = () => {
    const name = names.find('a', (candidate) => !taken.has(candidate));
    taken.add(name);
    return name;
  };
  t.same([take(), take(), take()], ['a_', 'a___', 'a____']);
  let asked = 0;
  for (let count = 0; count < 10_000; count++) {
    taken.add(
      names.find('a', (candidate) => {
        asked++;
        return !taken.has(candidate);
      }),
    );
  }
  t.equal(taken.size, 10_005);
  t.ok(asked < 100_000, `${asked} looks`);
  t.ok(taken.has('a_9'));
});
