import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { drillClock, findFakeTime } from './clock-drill.ts';

const library = findFakeTime();
if (library === undefined) t.plan(0, 'not installed: faketime');
else {
  t.test('a clock that steps back and forth loses nothing, for senders and for live readers', async (t) => {
    const options = { folder: temporaryFolder(), library, steps: [1, 0, -1, 0], recordsPerStep: 400 };
    const { sent, stored, read, ...wrong } = await drillClock(options);
    t.same(wrong, { acknowledged: sent, lost: 0, duplicated: 0, readTwice: 0 });
    t.equal(stored, sent);
    t.equal(read, sent);
  });
}
