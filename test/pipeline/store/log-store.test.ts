import t, { type Test } from 'tap';
import type { ClickHouse } from '../../../pipeline/store/clickhouse.ts';
import { LogStore } from '../../../pipeline/store/log-store.ts';
import { insertRecords, openStore, record } from '../../control-plane/features/logs/analysed-store.ts';

const DAY = 86_400e6;
const LATE = 1_793_491_200_000_000;
const ALL = { where: '1', parameters: {} };

/** A store with records at these times, and the statements that it takes to read it. */
async function storeWith(t: Test, seqs: readonly number[]) {
  const clickhouse = await openStore(t);
  await insertRecords(
    clickhouse,
    seqs.map((seq) => record({ message: `n${seq}`, seq })),
  );
  let statements = 0;
  const counting: ClickHouse = {
    ...clickhouse,
    query: (sql, options) => {
      statements++;
      return clickhouse.query(sql, options);
    },
  };
  return {
    store: new LogStore(counting),
    statements: () => {
      const taken = statements;
      statements = 0;
      return taken;
    },
  };
}

t.test(
  'a range that begins long before the first record costs no more than one that begins there',
  async (t) => {
    const seqs = [LATE, LATE + 1, LATE + 2];
    const { store, statements } = await storeWith(t, seqs);
    const found = await store.oldest(3, { after: 0, upTo: LATE + 60 * DAY, ...ALL });
    t.same(
      found.map(({ seq }) => seq),
      seqs,
    );
    t.ok(statements() <= 3, 'a look at the start, one for the first record, one for the records');
    t.same(await store.sequenceNumbers(2, { after: 0, upTo: LATE + 60 * DAY }), seqs.slice(0, 2));
    t.ok(statements() <= 3);
    t.same(await store.oldest(3, { after: LATE + 2, upTo: LATE + 600 * DAY, ...ALL }), []);
    t.ok(statements() <= 2, 'an end without records is not walked through');
  },
);

t.test('what a filter selects is found, however far it lies behind the first record', async (t) => {
  const seqs = [LATE, LATE + 100, LATE + 2e6, LATE + 7_200e6, LATE + 3 * DAY, LATE + 9 * DAY];
  const { store } = await storeWith(t, seqs);
  for (const after of [0, LATE - DAY, LATE - 1, LATE]) {
    for (const seq of seqs) {
      const range = {
        after,
        upTo: LATE + 30 * DAY,
        where: 'message = {m:String}',
        parameters: { m: `n${seq}` },
      };
      const found = (await store.oldest(5, range)).map((entry) => entry.seq);
      t.same(found, seq > after ? [seq] : [], `behind ${after - LATE}: ${seq - LATE}`);
    }
  }
});

t.test('where the newest records of a range begin', async (t) => {
  const seqs = Array.from({ length: 20 }, (_, index) => LATE + index * 10e6);
  const { store } = await storeWith(t, seqs);
  const start = (limit: number, where = '1') =>
    store.startOfNewest(limit, { after: 0, upTo: LATE + DAY, where, parameters: {} });
  t.equal(await start(1), seqs[19]);
  t.equal(await start(5), seqs[15]);
  t.equal(await start(99), seqs[0]);
  t.equal(await start(1, '0'), undefined);
});
