import { mock } from 'node:test';
import t from 'tap';
import { rememberLast } from '../../../control-plane/query/remember-last.ts';

t.test('works out a text once for those who ask one after the other', async (t) => {
  const worked: string[] = [];
  const upper = rememberLast((text) => {
    worked.push(text);
    return text.toUpperCase();
  });
  t.same(['a', 'a', 'b', 'a'].map(upper), ['A', 'A', 'B', 'A']);
  t.same(worked, ['a', 'b', 'a']);
});

t.test('a failure is no result', async (t) => {
  let attempts = 0;
  const parse = rememberLast((text) => {
    attempts++;
    return JSON.parse(text) as unknown;
  });
  for (const attempt of [1, 2]) {
    t.throws(() => parse('{'), SyntaxError);
    t.equal(attempts, attempt);
  }
});

t.test('the result of a long text is kept for this round of the event loop alone', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  let count = 0;
  const lengthOf = rememberLast((text) => {
    count++;
    return text.length;
  }, 3);
  for (const [text, expected] of [
    ['four', 2],
    ['abc', 1],
  ] as const) {
    count = 0;
    lengthOf(text);
    lengthOf(text);
    t.equal(count, 1);
    mock.timers.tick(1);
    lengthOf(text);
    t.equal(count, expected, text);
  }
});
