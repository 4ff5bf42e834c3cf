import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { drillFullDisk } from './disk-drill.ts';
import { canMount } from './mount.ts';

if (!canMount()) t.plan(0, 'may not mount a small file system');
else {
  t.test('a full disk refuses for the time being, answers queries, and loses nothing', async (t) => {
    const result = await drillFullDisk({ folder: temporaryFolder(), megabytes: 96, rounds: 1, refusals: 10 });
    t.match(result, { lost: 0, duplicated: 0 });
    t.equal(result.stored, result.acknowledged);
    t.ok(result.refused >= 10, `${result.refused} refusals`);
    t.ok(result.readWhileFull > 0, 'queries are answered while the disk is full');
  });
}
