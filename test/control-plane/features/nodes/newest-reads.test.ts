import t from 'tap';
import { NewestReads } from '../../../../control-plane/features/nodes/newest-reads.ts';
import { LiveBus } from '../../../../pipeline/store/live/live-bus.ts';
import { LogStore } from '../../../../pipeline/store/log-store.ts';
import { insertRecords, openStore, record } from '../logs/analysed-store.ts';

const FIRST = 1_793_491_200_000_000;

t.test('streams that open at once share statements', async (t) => {
  const clickhouse = await openStore(t);
  const records = Array.from({ length: 300 }, (_, index) =>
    record({ node_id: `n${index % 100}`, message: `m${index}`, seq: FIRST + index }),
  );
  await insertRecords(clickhouse, records);
  let statements = 0;
  class CountingStore extends LogStore {
    override select(...given: Parameters<LogStore['select']>) {
      statements++;
      return super.select(...given);
    }
  }
  const reads = new NewestReads({
    store: new CountingStore(clickhouse),
    bus: new LiveBus(FIRST + 250),
    scope: "message != 'm7'",
    oldest: () => FIRST + 1,
  });
  const read = async (node: number, limit: number, after = 0) => {
    const { records: found, upTo } = await reads.read(`n${node}`, limit, after);
    return [upTo - FIRST, ...found.map(({ message }) => message)];
  };
  const found = await Promise.all([
    ...Array.from({ length: 100 }, (_, node) => read(node, 10)),
    read(3, 10, FIRST + 103),
    read(3, 10, FIRST + 999),
    read(3, 2),
    read(5, 10),
    read(777, 10),
  ]);
  t.same(found[0], [250, 'm100', 'm200'], 'm0 is too old');
  t.same(found[3], [250, 'm3', 'm103', 'm203']);
  t.same(found[7], [250, 'm107', 'm207'], 'm7 is out of scope');
  t.same(found[60], [250, 'm60', 'm160'], 'm260 is behind the watermark');
  t.same(found.slice(100), [[250, 'm203'], [999], [250, 'm103', 'm203'], [250, 'm5', 'm105', 'm205'], [250]]);
  t.equal(statements, 3, 'the first alone, then those of one limit each');
});

t.test('a statement that fails rejects for all who wait for it, and the next one is tried', async (t) => {
  const store = {
    selectWithin: async () => {
      throw new Error('away');
    },
  } as unknown as LogStore;
  const reads = new NewestReads({ store, bus: new LiveBus(0), scope: '1', oldest: () => 0 });
  const given = [1, 2, 3].map(() => reads.read('n', 10, 0));
  for (const promise of given) await t.rejects(promise, { message: 'away' });
  await t.rejects(reads.read('n', 10, 0), { message: 'away' });
});
