import t from 'tap';
import { StoreLease } from '../../../../../control-plane/features/alerts/evaluate/lease.ts';
import { until } from '../../../../until.ts';
import { openStore } from '../../logs/analysed-store.ts';

const clickhouse = await openStore(t);

t.test('of several servers one has the lease, until it gives it back', async (t) => {
  const times = { lifeSeconds: 600, beatSeconds: 0 };
  const [first, second, third] = [1, 2, 3].map(() => new StoreLease(clickhouse, 'work', times));
  t.notOk(await first!.held(), 'a new server waits, another may ask at the same moment');
  t.ok(await first!.held());
  for (let round = 0; round < 3; round++) {
    t.notOk(await second!.held());
    t.notOk(await third!.held());
    t.ok(await first!.held());
  }
  await first!.release();
  t.ok(await second!.held());
  t.notOk(await third!.held());
  t.notOk(await first!.held(), 'it stands behind the others now');
  t.notOk(await first!.held());
});

t.test('one that gives no sign of life loses it, and knows that it did', async (t) => {
  const times = { lifeSeconds: 3, beatSeconds: 0 };
  const dead = new StoreLease(clickhouse, 'other', times);
  const heir = new StoreLease(clickhouse, 'other', times);
  await dead.held();
  t.ok(await dead.held());
  await until(() => heir.held(), 'the heir to have it');
  t.notOk(await dead.held());
  t.notOk(await dead.held());
  t.ok(await heir.held());
});
