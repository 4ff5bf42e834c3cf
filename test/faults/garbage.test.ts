import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { drillGarbage } from './garbage-drill.ts';

t.test('garbage gets a refusal, never a 500, and costs nobody else a record', async (t) => {
  const seeds = Array.from({ length: 150 }, (_, index) => index);
  const { sent, answers, ...result } = await drillGarbage({ folder: temporaryFolder(), seeds });
  t.same(result, { acknowledged: sent, stored: sent, lost: 0, duplicated: 0, wrong: [] });
  for (const status of ['200', '400', '413', '415'])
    t.ok(answers[status]! > 0, `${status}: ${answers[status]}`);
});
