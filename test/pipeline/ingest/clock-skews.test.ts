import t from 'tap';
import { ClockSkews } from '../../../pipeline/ingest/clock-skews.ts';
import { newDraft } from '../../../pipeline/ingest/transforms/complete-record.ts';
import { fromMilliseconds } from '../../../pipeline/record/timestamp.ts';

const NOW = 1_800_000_000_000;
const record = (machine_id: string, leadMs: number) => ({
  ...newDraft(fromMilliseconds(NOW + leadMs)),
  machine_id,
});

t.test('a clock that is ahead shows in the times of most records', async (t) => {
  const skews = new ClockSkews();
  const add = (machine: string, leads: readonly number[]) => {
    for (const lead of leads) skews.add(record(machine, lead), fromMilliseconds(NOW));
  };
  add('ahead', [90_000, 89_500, 90_200, -3_600_000, 89_900, 90_100]);
  add('right', [-100, -2_000, -300, -50, -1_100]);
  add('imports', [-8e9, -7e9, -6e9, -5e9, -4e9]);
  add('one from the year 2199', [-100, 5.5e12, -200, -100, -100]);
  add('unknown', [90_000, 90_000]);
  add('', [90_000, 90_000, 90_000, 90_000, 90_000, 90_000]);
  t.equal(skews.of('ahead'), 90);
  for (const machine of ['right', 'imports', 'one from the year 2199', 'unknown', 'nobody', ''])
    t.equal(skews.of(machine), undefined, machine);
  t.same(skews.list(), [{ machineId: 'ahead', seconds: 90 }]);
});

t.test('a clock that was set is right soon', async (t) => {
  const skews = new ClockSkews();
  for (let sample = 0; sample < 100; sample++)
    skews.add(record('m', sample < 60 ? 5_000 : -200), fromMilliseconds(NOW));
  t.equal(skews.of('m'), undefined);
});
