import t from 'tap';
import { Guard } from '../../../control-plane/query/guard.ts';

/** A guard whose clock the work itself moves. */
function guarded() {
  let time = 0;
  const problems: string[] = [];
  const guard = new Guard({ name: 'a rule', clock: () => time, onProblem: (text) => problems.push(text) });
  const wait = (milliseconds: number) => {
    time += milliseconds;
  };
  return { guard, problems, wait };
}

t.test('what throws gives nothing, is counted, and is reported once', async (t) => {
  const { guard, problems, wait } = guarded();
  const work = (value: number) => {
    if (value % 2 === 1) throw new RangeError('too odd');
    return value;
  };
  t.same(
    [0, 1, 2, 3].map((value) => guard.run(work, value)),
    [0, undefined, 2, undefined],
  );
  t.equal(guard.failures, 2);
  t.same(problems, ['a rule failed on a record: too odd']);
  t.match(guard.problem, /failed on 2 records .* too odd/);
  wait(5 * 60_000 + 1);
  t.equal(guard.problem, undefined, 'it is over after a while');
  guard.run(work, 5);
  t.equal(problems.length, 2, 'and is reported anew when it comes back');
});

t.test('slow work is not run for the rest of the second', async (t) => {
  const { guard, wait } = guarded();
  let runs = 0;
  const slow = () => {
    runs++;
    wait(30);
    return true;
  };
  const answers = Array.from({ length: 20 }, () => guard.run(slow, undefined));
  t.equal(runs, 4, 'a little more than its share');
  t.equal(answers.filter((answer) => answer === undefined).length, 16);
  t.match(guard.problem, /more than 100 ms of each second/);
  wait(1_000);
  t.equal(guard.run(slow, undefined), true);
});

t.test('what is quick may do as much as there is', async (t) => {
  const { guard, wait } = guarded();
  const quick = () => {
    wait(0.005);
    return true;
  };
  const answers = Array.from({ length: 150_000 }, () => guard.run(quick, undefined));
  t.ok(answers.every((answer) => answer === true));
  t.equal(guard.failures, 0);
});
