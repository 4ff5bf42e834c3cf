import t from 'tap';
import {
  alterColumns,
  alterTable,
  compileStatement,
  createTable,
  deleteRows,
  insertSelected,
  killMutations,
} from '../../../pipeline/store/statement.ts';

const logs = createTable('logs', {
  columns: 'seq UInt64, p Array(String), INDEX i seq TYPE minmax',
  engine: 'MergeTree',
  partitionBy: 'toDate(seq)',
  orderBy: ['timestamp', 'seq'],
  ttl: 'timestamp',
  settings: "a = 'b'",
  shardBy: 'intDiv(seq, 131072)',
});

t.test('a table of one server', async (t) => {
  t.same(compileStatement(logs, undefined), [
    'CREATE TABLE IF NOT EXISTS logs (seq UInt64, p Array(String), INDEX i seq TYPE minmax) ' +
      "ENGINE = MergeTree PARTITION BY toDate(seq) ORDER BY (timestamp, seq) TTL timestamp SETTINGS a = 'b'",
  ]);
});

t.test('a table of a cluster is a replicated one and one over all shards', async (t) => {
  t.same(compileStatement(logs, 'fleet'), [
    "CREATE TABLE IF NOT EXISTS logs_local ON CLUSTER 'fleet' (seq UInt64, p Array(String), INDEX i seq TYPE minmax) " +
      "ENGINE = ReplicatedMergeTree PARTITION BY toDate(seq) ORDER BY (timestamp, seq) TTL timestamp SETTINGS a = 'b'",
    "CREATE TABLE IF NOT EXISTS logs ON CLUSTER 'fleet' AS logs_local " +
      "ENGINE = Distributed('fleet', currentDatabase(), logs_local, intDiv(seq, 131072))",
  ]);
});

t.test('rows that replace each other stay on one shard', async (t) => {
  const runs = createTable('runs', {
    columns: 'a String, updated UInt64',
    engine: 'ReplacingMergeTree',
    version: 'updated',
    orderBy: ['a', 'b'],
  });
  const [local, all] = compileStatement(runs, 'c-1');
  t.match(local, /ENGINE = ReplicatedReplacingMergeTree\(updated\) ORDER BY \(a, b\)$/);
  t.match(all, /runs_local, cityHash64\(a\)\)$/);
});

t.test('changes go to every machine', async (t) => {
  t.same(compileStatement(alterTable('logs', 'MODIFY TTL x'), 'c'), [
    "ALTER TABLE logs_local ON CLUSTER 'c' MODIFY TTL x",
  ]);
  t.same(compileStatement(alterColumns('logs', 'ADD COLUMN IF NOT EXISTS a String'), 'c'), [
    "ALTER TABLE logs_local ON CLUSTER 'c' ADD COLUMN IF NOT EXISTS a String",
    "ALTER TABLE logs ON CLUSTER 'c' ADD COLUMN IF NOT EXISTS a String",
  ]);
  t.same(compileStatement(deleteRows('logs', 'a = {x:String}'), 'c'), [
    "DELETE FROM logs_local ON CLUSTER 'c' WHERE a = {x:String}",
  ]);
  t.same(compileStatement(killMutations("table = 'logs_local' SYNC"), 'c'), [
    "KILL MUTATION ON CLUSTER 'c' WHERE table = 'logs_local' SYNC",
  ]);
});

t.test('changes of one server are each one statement', async (t) => {
  t.same(
    [
      alterTable('logs', 'MODIFY TTL x'),
      alterColumns('logs', 'ADD COLUMN a String'),
      deleteRows('logs', 'a = 1'),
      killMutations('is_done = 0'),
    ].map((statement) => compileStatement(statement, undefined)),
    [
      ['ALTER TABLE logs MODIFY TTL x'],
      ['ALTER TABLE logs ADD COLUMN a String'],
      ['DELETE FROM logs WHERE a = 1'],
      ['KILL MUTATION WHERE is_done = 0'],
    ],
  );
});

t.test('a text runs on one server, and on no cluster, of which it would reach one machine', async (t) => {
  t.same(compileStatement('OPTIMIZE TABLE logs', undefined), ['OPTIMIZE TABLE logs']);
  t.throws(() => compileStatement('OPTIMIZE TABLE logs', 'c'), /one machine of a cluster only: OPTIMIZE/);
  t.same(compileStatement(insertSelected('versions', 'SELECT 1'), 'c'), ['INSERT INTO versions SELECT 1']);
});
