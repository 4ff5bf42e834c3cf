import t from 'tap';
import { contextOf } from '../../../../control-plane/features/logs/context.ts';
import { searchLogs } from '../../../../control-plane/features/logs/search.ts';
import { NewestReads } from '../../../../control-plane/features/nodes/newest-reads.ts';
import { parseFilter } from '../../../../control-plane/query/log-filter.ts';
import { queryLimits } from '../../../../control-plane/query/query-limits.ts';
import { LiveBus } from '../../../../pipeline/store/live/live-bus.ts';
import { LogStore } from '../../../../pipeline/store/log-store.ts';
import { insertRecords, openStore, record } from './analysed-store.ts';

const { signal } = new AbortController();

t.test('pages of large records are bounded in bytes, and go on', async (t) => {
  const clickhouse = await openStore(t);
  const store = new LogStore(clickhouse);
  const total = 40;
  for (let from = 0; from < total; from += 10) {
    const some = Array.from({ length: 10 }, (_, index) =>
      record({ message: 'x'.repeat(1_000_000), service: 'big', seq: 1_793_491_200_000_000 + from + index }),
    );
    await insertRecords(clickhouse, some);
  }
  for (const order of ['asc', 'desc'] as const) {
    const seqs: number[] = [];
    const sizes: number[] = [];
    let cursor: string | undefined;
    do {
      const request = { filter: parseFilter({ q: 'service:big x' }), limit: 1_000, order, cursor };
      const page = await searchLogs(store, request, queryLimits(signal));
      seqs.push(...page.records.map(({ seq }) => seq));
      sizes.push(page.records.length);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    t.equal(new Set(seqs).size, total, 'each record once');
    t.same(sizes, [16, 16, 8], 'within 16 MiB');
  }
});

t.test('the lines around one are bounded in bytes, and what is left out is said', async (t) => {
  const clickhouse = await openStore(t);
  const store = new LogStore(clickhouse);
  const first = 1_793_491_200_000_000;
  const lines = Array.from({ length: 30 }, (_, index) =>
    record({ message: 'x'.repeat(1_000_000), file_path: '/a.log', machine_id: 'm', seq: first + index }),
  );
  await insertRecords(clickhouse, lines);
  const around = await contextOf(store, { id: first + 20, before: 15, after: 15 }, queryLimits(signal));
  const found = around.records.map(({ seq }) => seq - first);
  t.same(found, [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28], 'the nearest');
  t.equal(around.leftOut, 7 + 1);
  const few = await contextOf(store, { id: first + 20, before: 2, after: 2 }, queryLimits(signal));
  t.equal(few.records.length, 5);
  t.equal(few.leftOut, 0);
});

t.test('the newest entries of nodes are bounded in bytes, each node by itself', async (t) => {
  const clickhouse = await openStore(t);
  const store = new LogStore(clickhouse);
  const first = 1_793_491_200_000_000;
  for (const [index, node_id] of ['a', 'b', 'c'].entries()) {
    const lines = Array.from({ length: 10 }, (_, line) =>
      record({ message: 'x'.repeat(1_000_000), node_id, seq: first + index * 10 + line }),
    );
    await insertRecords(clickhouse, lines);
  }
  const reads = new NewestReads({ store, bus: new LiveBus(first + 100), scope: '1', oldest: () => 0 });
  const found = await Promise.all(['a', 'b', 'c', 'd'].map((id) => reads.read(id, 100, 0)));
  t.same(
    found.map(({ records, leftOut }) => [records.length, leftOut]),
    [
      [8, 2],
      [8, 2],
      [8, 2],
      [0, 0],
    ],
  );
  t.equal(found[0]!.records.at(-1)!.seq, first + 9, 'the newest of them');
});
