import { BLOCK_MICROSECONDS } from './live/sequencer.ts';

/** Suffix of the table on each machine of a cluster; the table without it is the distributed one. */
export const LOCAL_SUFFIX = '_local';

/** A batch of records goes to one shard, so that it is stored atomically. */
const SHARD_OF: Readonly<Record<string, string>> = { logs: `intDiv(seq, ${BLOCK_MICROSECONDS})` };

const CREATE = /^\s*CREATE TABLE IF NOT EXISTS (\w+)\s+(\([\s\S]*\))\s*ENGINE = (\w*MergeTree)\b([\s\S]*)$/;
const ALTER = /^\s*ALTER TABLE (\w+)\s+([\s\S]*)$/;
const DELETE = /^\s*DELETE FROM (\w+)\b([\s\S]*)$/;
const KILL = /^\s*KILL MUTATION\b([\s\S]*)$/;
const COLUMN_CHANGE = /^(?:ADD|MODIFY|DROP|RENAME|COMMENT|CLEAR)\s+COLUMN\b/i;

/**
 * Translates a statement for one server into statements for a cluster: a table becomes a replicated one, with a distributed table of the
 * same name over all shards, and changes go to every machine. Other statements stay as they are.
 * @param cluster a name of letters, digits, `_` and `-`
 */
export function forCluster(statement: string, cluster: string): readonly string[] {
  const everywhere = `ON CLUSTER '${cluster}'`;
  const created = CREATE.exec(statement);
  if (created) {
    const [, table, columns, engine, rest] = created as unknown as [string, string, string, string, string];
    const local = `${table}${LOCAL_SUFFIX}`;
    return [
      `CREATE TABLE IF NOT EXISTS ${local} ${everywhere} ${columns} ENGINE = Replicated${engine}${rest}`,
      `CREATE TABLE IF NOT EXISTS ${table} ${everywhere} AS ${local}
       ENGINE = Distributed('${cluster}', currentDatabase(), ${local}, ${shardKey(table, rest)})`,
    ];
  }
  const altered = ALTER.exec(statement);
  if (altered) {
    const [, table, change] = altered as unknown as [string, string, string];
    const local = `ALTER TABLE ${table}${LOCAL_SUFFIX} ${everywhere} ${change}`;
    return COLUMN_CHANGE.test(change) ? [local, `ALTER TABLE ${table} ${everywhere} ${change}`] : [local];
  }
  const deleted = DELETE.exec(statement);
  if (deleted) return [`DELETE FROM ${deleted[1]}${LOCAL_SUFFIX} ${everywhere}${deleted[2]}`];
  const killed = KILL.exec(statement);
  if (killed) return [`KILL MUTATION ${everywhere}${killed[1]}`];
  return [statement];
}

/** Rows that replace each other have to be on one shard, so the first column of their key decides the shard. */
function shardKey(table: string, rest: string): string {
  const key = SHARD_OF[table];
  if (key) return key;
  const first = /ORDER BY \(?\s*(\w+)/.exec(rest)?.[1];
  return first === undefined ? 'rand()' : `cityHash64(${first})`;
}
