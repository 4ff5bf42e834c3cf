import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { drillKill } from './kill-drill.ts';

t.test('kill -9 under load loses nothing that was acknowledged and stores nothing twice', async (t) => {
  const options = { folder: temporaryFolder(), kills: 3, agents: 3, linesPerRequest: 50 };
  const { sent, acknowledged, stored, ...wrong } = await drillKill(options);
  t.same(wrong, { lost: 0, duplicated: 0 });
  t.equal(stored, sent);
  t.equal(acknowledged, sent);
  t.ok(sent > 3 * 3 * 50 * 3, `${sent} records`);
});
