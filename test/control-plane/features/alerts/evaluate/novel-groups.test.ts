import t from 'tap';
import { NovelGroups } from '../../../../../control-plane/features/alerts/evaluate/novel-groups.ts';

const HOUR = 3_600;
const WINDOW = 900;

/** One that knows what is usual, and has learned for an hour. */
function listening(usual: readonly string[]): NovelGroups {
  const groups = new NovelGroups(WINDOW);
  groups.learn(usual.map((group) => ({ group, first: 0 })));
  return groups;
}

t.test('what is usual is no news, what is new is so for a window', async (t) => {
  const groups = listening(['usual']);
  t.notOk(groups.see('usual', 2 * HOUR));
  t.ok(groups.see('new', 2 * HOUR));
  t.ok(groups.see('new', 2 * HOUR + WINDOW - 1));
  t.ok(groups.isNovel('new', 2 * HOUR + WINDOW - 1));
  t.notOk(groups.isNovel('new', 2 * HOUR + WINDOW));
  t.notOk(groups.see('new', 2 * HOUR + WINDOW));
});

t.test('nothing is new to a rule that learns', async (t) => {
  const groups = new NovelGroups(WINDOW);
  t.notOk(groups.see('a', 0));
  t.notOk(groups.see('b', HOUR - 1));
  t.ok(groups.see('c', HOUR));
});

t.test('it hears what is new behind any number of invented texts, and what is usual stays so', async (t) => {
  const groups = listening(Array.from({ length: 500 }, (_, index) => `usual ${index}`));
  let at = 2 * HOUR;
  for (let index = 0; index < 150_000; index++) {
    if (index % 1_000 === 0) at++;
    groups.see(`invented ${index}`, at);
  }
  t.ok(groups.forgotten > 100_000, `${groups.forgotten} were forgotten, and it says so`);
  t.ok(groups.see('really new', at));
  for (let index = 0; index < 500; index++) {
    if (groups.see(`usual ${index}`, at)) return t.fail(`usual ${index} is called new`);
  }
});

t.test('what comes again later is usual from then on, and invented texts do not push it out', async (t) => {
  const groups = listening([]);
  groups.learn([{ group: 'x', first: 0 }]);
  let at = 2 * HOUR;
  t.ok(groups.see('regular', at));
  t.notOk(groups.see('regular', at + WINDOW));
  at += 2 * WINDOW;
  for (let index = 0; index < 30_000; index++) groups.see(`invented ${index}`, at);
  t.notOk(groups.see('regular', at));
});
