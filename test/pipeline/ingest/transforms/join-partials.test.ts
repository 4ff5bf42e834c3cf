import t from 'tap';
import { joinPartials } from '../../../../pipeline/ingest/transforms/join-partials.ts';

const part = (id: string, ordinal: number, isLast: boolean, log: string) =>
  JSON.stringify({
    container_id: 'c',
    log,
    partial_message: 'true',
    partial_id: id,
    partial_ordinal: String(ordinal),
    partial_last: String(isLast),
  });
const whole = (log: string) => JSON.stringify({ container_id: 'c', log });
const join = (...texts: string[]) => [...joinPartials(texts)].filter((text) => text !== undefined);

t.test("the parts of docker's long lines", async (t) => {
  t.same(join(part('a', 1, false, 'x'), part('a', 2, false, 'y'), part('a', 3, true, 'z')), [whole('xyz')]);
  t.same(
    join(
      part('a', 1, false, 'x'),
      part('b', 1, false, '1'),
      '{"log":"o"}',
      part('b', 2, true, '2'),
      part('a', 2, true, 'y'),
    ),
    ['{"log":"o"}', whole('12'), whole('xy')],
    'of several lines by turns',
  );
});

t.test('nothing is lost where parts are missing', async (t) => {
  for (const texts of [
    [part('a', 1, false, 'x')],
    [part('a', 2, false, 'y'), part('a', 3, true, 'z')],
    [part('a', 1, false, 'x'), part('a', 3, true, 'z')],
    ['{"partial_id":"a","log":"x"}', '{"log":"\\"partial_id\\""}', 'no JSON "partial_id"'],
    Array.from({ length: 200 }, (_, n) => part(String(n), 1, false, 'x')),
  ]) {
    t.same(join(...texts).toSorted(), texts.toSorted());
  }
  const long = 'x'.repeat(600_000);
  t.equal(join(part('a', 1, false, long), part('a', 2, false, long), part('a', 3, true, long)).length, 3);
});
