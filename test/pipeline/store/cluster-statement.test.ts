import t from 'tap';
import { forCluster } from '../../../pipeline/store/cluster-statement.ts';

const flat = (statements: readonly string[]) => statements.map((text) => text.replace(/\s+/g, ' '));

t.test('a table becomes a replicated one and one over all shards', async (t) => {
  t.same(
    flat(
      forCluster(
        `CREATE TABLE IF NOT EXISTS logs (seq UInt64, p Array(String), INDEX i seq TYPE minmax) ENGINE = MergeTree
         PARTITION BY toDate(seq) ORDER BY (timestamp, seq) SETTINGS a = 'b'`,
        'fleet',
      ),
    ),
    [
      "CREATE TABLE IF NOT EXISTS logs_local ON CLUSTER 'fleet' (seq UInt64, p Array(String), INDEX i seq TYPE minmax) " +
        "ENGINE = ReplicatedMergeTree PARTITION BY toDate(seq) ORDER BY (timestamp, seq) SETTINGS a = 'b'",
      "CREATE TABLE IF NOT EXISTS logs ON CLUSTER 'fleet' AS logs_local " +
        "ENGINE = Distributed('fleet', currentDatabase(), logs_local, intDiv(seq, 131072))",
    ],
  );
});

t.test('rows that replace each other stay on one shard', async (t) => {
  const [local, all] = flat(
    forCluster(
      'CREATE TABLE IF NOT EXISTS runs (a String, updated UInt64) ENGINE = ReplacingMergeTree(updated) ORDER BY (a, b)',
      'c-1',
    ),
  );
  t.match(local, /ENGINE = ReplicatedReplacingMergeTree\(updated\) ORDER BY \(a, b\)$/);
  t.match(all, /runs_local, cityHash64\(a\)\)$/);
});

t.test('changes go to every machine', async (t) => {
  t.same(forCluster('ALTER TABLE logs MODIFY TTL x', 'c'), [
    "ALTER TABLE logs_local ON CLUSTER 'c' MODIFY TTL x",
  ]);
  t.same(forCluster('ALTER TABLE logs ADD COLUMN IF NOT EXISTS a String', 'c'), [
    "ALTER TABLE logs_local ON CLUSTER 'c' ADD COLUMN IF NOT EXISTS a String",
    "ALTER TABLE logs ON CLUSTER 'c' ADD COLUMN IF NOT EXISTS a String",
  ]);
  t.same(forCluster('DELETE FROM logs WHERE a = {x:String}', 'c'), [
    "DELETE FROM logs_local ON CLUSTER 'c' WHERE a = {x:String}",
  ]);
  t.same(forCluster("KILL MUTATION WHERE table = 'logs_local' SYNC", 'c'), [
    "KILL MUTATION ON CLUSTER 'c' WHERE table = 'logs_local' SYNC",
  ]);
  t.same(forCluster('INSERT INTO schema_versions SELECT 1, now()', 'c'), [
    'INSERT INTO schema_versions SELECT 1, now()',
  ]);
});
