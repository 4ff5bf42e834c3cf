import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { drillPower } from './power-drill.ts';
import { canCutPower } from './volatile-disk.ts';

const skip = !(await canCutPower()) && 'may not mount a disk of its own: needs root, FUSE and loop devices';

t.test(
  'a power cut takes nothing that was acknowledged, and nothing is stored twice',
  { skip },
  async (t) => {
    const { cuts, promises, ...result } = await drillPower({
      folder: temporaryFolder(),
      seed: 1,
      milliseconds: [500, 1_000],
      cuts: [
        { moment: 'answer', survival: 'none' },
        { moment: 'random', survival: 'some' },
      ],
    });
    t.match(result, { lost: 0, duplicated: 0, broken: 0 });
    t.equal(result.acknowledged, result.sent);
    for (const { acknowledged } of cuts) t.ok(acknowledged > 100, `${acknowledged} records`);
    for (const [name, count] of Object.entries(promises)) t.ok(count > 0, `${count} ${name}`);
  },
);

t.test('without FSYNC it does: the drill sees what a missing sync costs', { skip }, async (t) => {
  const { lost } = await drillPower({
    folder: temporaryFolder(),
    seed: 1,
    milliseconds: [500, 501],
    cuts: [{ moment: 'answer', survival: 'none' }],
    settings: { FSYNC: 'false' },
  });
  t.ok(lost > 100, `${lost} records`);
});
